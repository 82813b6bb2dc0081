"""Colour spaces and the difference of colours.

sRGB: IEC 61966-2-1. L*a*b*: CIE 15, D65, with L* in 0–100. ΔE2000: Sharma, Wu and Dalal, "The CIEDE2000
Color-Difference Formula: Implementation Notes, Supplementary Test Data, and Mathematical Observations", Color Research
and Application 30 (2005); equation numbers are theirs.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from servicekit.imaging.arrays import Floats, floats

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of linear R, G and B in the relative luminance Y (ITU-R BT.709)."""

_STEPS: Final = 4096


def linear(srgb: NDArray[np.uint8]) -> Floats:
    """sRGB 0–255 to linear light 0–1, any shape."""
    return floats(_decoding()[srgb])


def srgb(light: Floats) -> NDArray[np.uint8]:
    """Linear light to sRGB 0–255, clipped, any shape; below L* 1 in steps of up to one level."""
    steps = np.clip(light * (_STEPS - 1) + 0.5, 0, _STEPS - 1).astype(np.uint16)
    return np.asarray(_encoding()[steps], dtype=np.uint8)


def lab(light: Floats) -> Floats:
    """…×N×3 linear light 0–1 to L*a*b*."""
    rows = np.clip(floats(light), 0.0, 1.0).reshape(-1, *light.shape[-2:])
    return floats(cv2.cvtColor(rows, cv2.COLOR_LRGB2Lab)).reshape(light.shape)


def luminance(light: Floats) -> Floats:
    """H×W×3 linear light to H×W relative luminance."""
    return floats(cv2.transform(light, LUMINANCE[None]))


def from_hex(color: str) -> Floats:
    """`#RRGGBB` to 3 values of linear light."""
    return linear(np.frombuffer(bytes.fromhex(color[1:]), dtype=np.uint8))


def lab_of_hex(colors: Iterable[str]) -> Floats:
    """N×3 L*a*b* of `#RRGGBB`."""
    return lab(np.stack([from_hex(color) for color in colors]))


def from_lab(colors: Floats) -> Floats:
    """…×N×3 L*a*b* to linear light, clipped to the gamut of sRGB."""
    rows = np.ascontiguousarray(floats(colors)).reshape(-1, *colors.shape[-2:])
    return floats(np.clip(cv2.cvtColor(rows, cv2.COLOR_Lab2LRGB), 0.0, 1.0)).reshape(colors.shape)


def delta_e(one: ArrayLike, other: ArrayLike, *, lightness_factor: float = 1.0) -> NDArray[np.float64]:
    """ΔE2000 between L*a*b* colours in the last axis; the other axes broadcast.

    `lightness_factor` is k_L: 1 under reference conditions, 2 where shading makes differences in lightness matter less.
    """
    one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
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


def _hue(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """In degrees, 0–360."""
    return np.asarray(np.rad2deg(np.arctan2(b, a)) % 360)


@cache
def _decoding() -> Floats:
    value = np.arange(256) / 255
    return floats(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


@cache
def _encoding() -> NDArray[np.uint8]:
    light = np.arange(_STEPS) / (_STEPS - 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(value * 255), dtype=np.uint8)
