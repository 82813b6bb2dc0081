"""Colour spaces and colour differences.

sRGB: IEC 61966-2-1. L*a*b*: CIE 15, D65, with L* in 0–100. ΔE2000: Sharma, Wu and Dalal, "The CIEDE2000
Color-Difference Formula", Color Research and Application 30 (2005).
"""

from functools import cache
from typing import Final

import cv2
import numpy as np

from diffusion.lite.arrays import Bits, Floats, floats

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of linear R, G and B in the relative luminance Y (ITU-R BT.709)."""

_STEPS: Final = 4096


def linear(srgb: Bits) -> Floats:
    """sRGB 0–255 to linear light 0–1, any shape."""
    return floats(_decoding()[srgb])


def srgb(light: Floats) -> Bits:
    """Linear light to sRGB 0–255, clipped, any shape; below L* 1 in steps of up to one level."""
    steps = np.clip(light * (_STEPS - 1) + 0.5, 0, _STEPS - 1).astype(np.uint16)
    return np.asarray(_encoding()[steps], dtype=np.uint8)


def lab(light: Floats) -> Floats:
    """H×W×3 linear light 0–1 to L*a*b*."""
    return floats(cv2.cvtColor(np.clip(light, 0.0, 1.0), cv2.COLOR_LRGB2Lab))


def luminance(light: Floats) -> Floats:
    """H×W×3 linear light to H×W relative luminance."""
    return floats(cv2.transform(light, LUMINANCE[None]))


def from_hex(color: str) -> Floats:
    """`#RRGGBB` to 3 values of linear light."""
    return linear(np.frombuffer(bytes.fromhex(color[1:]), dtype=np.uint8))


def lab_of(light: Floats) -> Floats:
    """N×3 linear light to N×3 L*a*b*."""
    return lab(np.ascontiguousarray(light, dtype=np.float32).reshape(1, -1, 3)).reshape(-1, 3)


def from_lab(colors: Floats) -> Floats:
    """N×3 L*a*b* to N×3 linear light, clipped to the gamut of sRGB."""
    light = cv2.cvtColor(np.ascontiguousarray(colors, dtype=np.float32).reshape(1, -1, 3), cv2.COLOR_Lab2LRGB)
    return floats(np.clip(light[0], 0.0, 1.0))


def delta_e(one: Floats, other: Floats) -> Floats:
    """ΔE2000 between L*a*b* colours in the last axis; the other axes broadcast."""
    l1, a1, b1 = np.moveaxis(np.asarray(one, dtype=np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, dtype=np.float64), -1, 0)
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch), np.arctan2(b2, a2 * stretch)
    turn = np.where(c1 * c2 > 0, np.angle(np.exp(1j * (h2 - h1))), 0.0)
    hue = np.where(c1 * c2 > 0, h1 + turn / 2, h1 + h2)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    blue = np.radians(30) * np.exp(-(((np.degrees(hue) % 360 - 275) / 25) ** 2))
    rotation = -np.sin(2 * blue) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    d_l = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    d_c = (c2 - c1) / (1 + 0.045 * chroma)
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * chroma * weight)
    square = d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h
    return floats(np.sqrt(np.maximum(square, 0.0)))


@cache
def _decoding() -> Floats:
    value = np.arange(256) / 255
    return floats(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


@cache
def _encoding() -> Bits:
    light = np.arange(_STEPS) / (_STEPS - 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(value * 255), dtype=np.uint8)
