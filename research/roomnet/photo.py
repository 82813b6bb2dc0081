"""From radiance to a photograph: exposure, glare, film curve, colour cast, vignette, grain."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
RGB: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Development:
    """How a camera turns light into a picture."""

    exposure: float = 1.0
    """Factor on radiance."""

    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    """Exponent about middle grey, after the curve."""

    saturation: float = 1.0
    shadows: float = 0.0
    """Lifts dark regions against their surroundings as phones do, 0–1."""

    glare: float = 0.04
    """Share of light that lens and sensor scatter around bright places."""

    vignette: float = 0.15
    """Loss of light in the corners."""

    grain: float = 0.006
    """Standard deviation of noise in middle grey."""

    sharpening: float = 0.0
    blur: float = 0.0
    """Standard deviation, pixels."""


def develop(light: Floats, how: Development, rng: np.random.Generator) -> RGB:
    """H×W×3 linear radiance to sRGB."""
    height, width = light.shape[:2]
    picture = (
        np.maximum(light, 0).astype(np.float32) * np.float32(how.exposure) * np.array(how.white_balance, np.float32)
    )
    picture = _glared(picture, how.glare)
    if how.shadows:
        picture = _lifted(picture, how.shadows)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    picture *= (1 - how.vignette * ((x**2 + y**2) / 2) ** 1.3)[..., None]
    display = film_curve(picture)
    grey = display @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    display = grey[..., None] + how.saturation * (display - grey[..., None])
    display = np.clip(display, 0, 1) ** np.float32(1 / 2.2)
    display = 0.5 + (display - 0.5) * how.contrast
    if how.blur:
        display = _blurred(display, how.blur)
    if how.sharpening:
        display = display + how.sharpening * (display - _blurred(display, 1.2))
    noise = rng.normal(0, 1, (height, width, 1)) + 0.5 * rng.normal(0, 1, (height, width, 3))
    display = display + how.grain * noise * (1.2 - 0.8 * np.clip(display, 0, 1))
    rounded: RGB = np.clip(display * 255 + 0.5, 0, 255).astype(np.uint8)
    return rounded


def film_curve(radiance: Floats) -> Floats:
    """Radiance to display-linear 0–1 with a soft shoulder, per channel and a little towards grey in the highlights.

    Narkowicz's fit to the ACES reference curve (2016), scaled so that 0.18 stays near 0.18.
    """
    grey = radiance.max(axis=2, keepdims=True)
    bleached = radiance + (grey - radiance) * np.clip((grey - 1) / 8, 0, 0.7)
    x = bleached * np.float32(0.72)
    curve: Floats = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)
    return np.clip(curve, 0, 1)


def _glared(picture: Floats, share: float) -> Floats:
    if not share:
        return picture
    size = picture.shape[1]
    bright = np.minimum(picture, 12.0)
    small = cv2.resize(bright, (256, max(1, 256 * picture.shape[0] // size)), interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    halo: Floats = 0.6 * _blurred(small, 3) + 0.4 * _blurred(small, 18)
    spread = cv2.resize(halo, (size, picture.shape[0]), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return (picture * (1 - share) + np.maximum(spread, 0) * share).astype(np.float32)


def _lifted(picture: Floats, amount: float) -> Floats:
    """Local tone mapping: divides by a power of the surroundings' brightness."""
    grey = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    log = np.log(np.maximum(grey, 1e-3)).astype(np.float32)
    small = cv2.resize(log, (128, max(1, 128 * log.shape[0] // log.shape[1])), interpolation=cv2.INTER_AREA)
    base = cv2.resize(cv2.bilateralFilter(small, 0, 0.8, 8), log.shape[::-1], interpolation=cv2.INTER_LINEAR)
    lifted: Floats = (picture * np.exp(-amount * (base - np.log(0.25)) * 0.6)[..., None]).astype(np.float32)
    return lifted


def _blurred(picture: Floats, deviation: float) -> Floats:
    return cv2.GaussianBlur(picture, (0, 0), deviation).astype(np.float32)
