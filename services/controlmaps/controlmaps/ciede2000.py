"""The colour difference CIEDE2000, vectorised.

Formula and test data: Sharma, Wu & Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary
Test Data, and Mathematical Observations", Color Research and Application 30 (2005); equation numbers are theirs.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def lab(rgb: NDArray[np.uint8]) -> Floats:
    """CIE L*a*b* (D65) of sRGB colours, …×3 in 0–255."""
    flat = np.ascontiguousarray(rgb, dtype=np.float32).reshape(-1, 1, 3) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2Lab), dtype=np.float64).reshape(rgb.shape)


def difference(one: Floats, other: Floats, *, lightness_factor: float = 1.0) -> Floats:
    """ΔE00 between L*a*b* colours (…×3, broadcast together).

    `lightness_factor` is k_L: 1 under reference conditions, 2 where shading makes differences in lightness matter less.
    """
    chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(other[..., 1], other[..., 2])) / 2
    g = 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))  # (4)
    a1, a2 = (1 + g) * one[..., 1], (1 + g) * other[..., 1]  # (5)
    c1, c2 = np.hypot(a1, one[..., 2]), np.hypot(a2, other[..., 2])  # (6)
    h1, h2 = _hue(a1, one[..., 2]), _hue(a2, other[..., 2])  # (7)

    grey = c1 * c2 == 0
    turn = np.where(grey, 0.0, (h2 - h1 + 180) % 360 - 180)  # (10)
    delta_l = other[..., 0] - one[..., 0]  # (8)
    delta_c = c2 - c1  # (9)
    delta_h = 2 * np.sqrt(c1 * c2) * np.sin(np.deg2rad(turn) / 2)  # (11)

    mean_l = (one[..., 0] + other[..., 0]) / 2  # (12)
    mean_c = (c1 + c2) / 2  # (13)
    apart = np.abs(h1 - h2) > 180
    mean_h = np.where(grey, h1 + h2, ((h1 + h2) / 2 + np.where(apart, 180.0, 0.0)) % 360)  # (14)
    radians = np.deg2rad(mean_h)
    t = (
        1
        - 0.17 * np.cos(radians - np.deg2rad(30))
        + 0.24 * np.cos(2 * radians)
        + 0.32 * np.cos(3 * radians + np.deg2rad(6))
        - 0.20 * np.cos(4 * radians - np.deg2rad(63))
    )  # (15)
    theta = 30 * np.exp(-(((mean_h - 275) / 25) ** 2))  # (16)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(np.deg2rad(2 * theta))  # (17), (21)
    weight_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)  # (18)
    weight_c = 1 + 0.045 * mean_c  # (19)
    weight_h = 1 + 0.015 * mean_c * t  # (20)
    by_l, by_c, by_h = delta_l / (lightness_factor * weight_l), delta_c / weight_c, delta_h / weight_h
    squared = by_l**2 + by_c**2 + by_h**2 + rotation * by_c * by_h  # (22)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def _hue(a: Floats, b: Floats) -> Floats:
    """In degrees, 0–360."""
    return np.asarray(np.rad2deg(np.arctan2(b, a)) % 360)
