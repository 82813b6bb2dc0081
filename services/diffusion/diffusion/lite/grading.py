"""The grade: white balance, exposure, contrast, warmth and saturation of the picture as a whole."""

import cv2
import numpy as np

from diffusion.lite.parameters import GRADE
from diffusion.styles import Light
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, floats
from servicekit.imaging.resizing import reduced


def graded(photo: RGB, grade: Light, wall: Floats | None = None) -> Floats:
    """H×W×3 linear light of a photo, balanced and under a style's grade; clips nothing that was not clipped.

    With a wall's colour (3 values of linear light) its reflection tones what is not white.
    """
    measured = colour.linear(reduced(photo, GRADE.side)).reshape(-1, 3)
    gain = balance(measured) * exposure(measured) * 2.0**grade.exposure
    gain = gain * np.array([1 + 0.25 * grade.warmth, 1.0, 1 - 0.4 * grade.warmth])
    if wall is not None:
        gain = gain * (wall / float(colour.LUMINANCE @ wall)) ** GRADE.tone
    # 1 − (1 − x)^g has slope g in the shadows and reaches 1 only where the photo does
    levels = colour.linear(np.arange(256, dtype=np.uint8))[:, None]
    curves = (1.0 - (1.0 - levels) ** gain).astype(np.float32)
    lit = floats(cv2.LUT(photo, curves[None]))
    turned = (1 + grade.saturation) * np.eye(3) - grade.saturation * colour.LUMINANCE[None]
    lit = floats(cv2.transform(lit, turned.astype(np.float32)))
    lit *= _contrast(grade.contrast)[np.clip(colour.luminance(lit) * 1023, 0, 1023).astype(np.uint16)][..., None]
    return np.clip(lit, 0.0, 1.0, out=lit)


def balance(pixels: Floats) -> Floats:
    """3 gains that take GRADE.balance of the light's cast out of N×3 pixels.

    The cast is that of the brighter pixels that are nearly grey, painted surfaces and ceilings in a room: shades of
    grey (Finlayson and Trezzi, Color Imaging Conference 2004) restricted to them.
    """
    bright = pixels @ colour.LUMINANCE
    spread = pixels.max(axis=1) - pixels.min(axis=1)
    greyish = (bright >= np.median(bright)) & (bright < 0.95) & (spread < 0.45 * pixels.max(axis=1) + 1e-3)
    if greyish.sum() < len(pixels) // 50:
        return np.ones(3, dtype=np.float32)
    cast = np.power(np.mean(pixels[greyish] ** 4, axis=0), 0.25) + 1e-4
    gain = (float(colour.LUMINANCE @ cast) / cast) ** GRADE.balance
    return floats(np.clip(gain, 0.75, 1.35))


def exposure(pixels: Floats) -> float:
    """The gain that brings N×3 underexposed pixels half of the way to GRADE.key; 1 for any others."""
    bright = pixels @ colour.LUMINANCE
    key = float(bright[bright >= np.median(bright)].mean())
    return float(np.clip((GRADE.key / max(key, 1e-3)) ** 0.5, 1.0, GRADE.most_lift))


def _contrast(amount: float) -> Floats:
    """1024 factors by luminance 0–1: a power about GRADE.pivot that fades towards white."""
    bright = np.linspace(0.0, 1.0, 1024)
    factor = np.maximum(bright / GRADE.pivot, 1e-2) ** (0.5 * amount)
    return floats(np.where(bright > GRADE.pivot, 1.0 + (factor - 1.0) * (1.0 - bright), factor))
