"""The look of a picture that somebody likes: its colours and its light, for an engine that has words for nothing else.

Its main colours take the place of a palette, unless the caller names one; how bright, warm, contrasty and colourful it
is takes the place of the style's grade. Which surface gets which colour is decided as for any palette.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from diffusion.domain import PreviewFrame, Progress, Restyling, Result
from diffusion.lite import grading
from diffusion.styles import Light
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, floats
from servicekit.imaging.palette import clusters
from servicekit.imaging.resizing import reduced

SIDE: Final = 128
"""Long side, in pixels, of the picture that is measured."""
CLUSTERS: Final = 7
LEAST_SHARE: Final = 0.05
"""Clusters with a smaller share of the picture are no main colours."""
SAME: Final = 8.0
"""ΔE2000 below which two colours are one in two lights."""
MOST_COLOURS: Final = 5
DARKEST: Final = 12.0
"""L* below which a colour is a shadow,"""
BRIGHTEST: Final = 98.0
"""and above which it is a lamp or the sky."""

KEY: Final = 0.46
"""Mean luminance of the brighter half of a photo of a room: as all that follow, the median of 24 photos of rooms."""
SPREAD: Final = 20.0
"""Deviation of L*."""
CHROMA: Final = 11.0
"""Mean chroma in L*a*b*."""
RED_TO_BLUE: Final = 1.06
"""Of what is bright and nearly grey."""
MOST: Final = 0.3
"""What any of a look's four numbers may be; a style's own lie well within it."""

Step = Progress | PreviewFrame | Result


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is taken of a picture."""

    palette: tuple[str, ...]
    """`#RRGGBB`, the largest first; at least one."""
    light: Light


def look_of(picture: RGB) -> Look:
    """The look of a picture of any size; the same for the same picture."""
    pixels = colour.linear(reduced(picture, SIDE)).reshape(-1, 3)
    return Look(palette=_palette(pixels), light=_light(pixels))


def with_look(restyling: Restyling) -> Restyling:
    """The request with the colours and the light of its style image; as it is without one."""
    if restyling.style_image is None:
        return restyling
    look = look_of(restyling.style_image)
    style = msgspec.structs.replace(restyling.style, light=look.light)
    return replace(restyling, style=style, palette=restyling.palette or look.palette)


def telling_look(restyling: Restyling, steps: Generator[Step, None, None]) -> Generator[Step, None, None]:
    """The steps of `with_look(restyling)`; the result's manifest says what was taken of the style image."""
    try:
        for step in steps:
            if isinstance(step, Result) and restyling.style_image is not None:
                taken = () if restyling.palette else look_of(restyling.style_image).palette
                manifest = replace(step.manifest, style_image_used=True, style_image_palette=taken)
                yield replace(step, manifest=manifest)
            else:
                yield step
    finally:
        steps.close()


def _palette(pixels: Floats) -> tuple[str, ...]:
    """Main colours, freed of half of the light's cast as a restyled room is: paint and not the light on it."""
    lab = colour.lab(floats(np.clip(pixels * grading.balance(pixels), 0.0, 1.0)))
    paint = lab[(lab[:, 0] >= DARKEST) & (lab[:, 0] <= BRIGHTEST)]
    paint = paint if len(paint) >= CLUSTERS else lab
    count = min(CLUSTERS, len(np.unique(paint.round(), axis=0)))
    centres, shares = clusters(paint, count, iterations=30, precision=0.1)
    chosen: list[Floats] = []
    for index in np.argsort(-shares, kind="stable"):
        apart = all(float(colour.delta_e(centres[index], other)) >= SAME for other in chosen)
        if not chosen or (shares[index] >= LEAST_SHARE and apart and len(chosen) < MOST_COLOURS):
            chosen.append(centres[index])
    values = colour.srgb(colour.from_lab(floats(np.stack(chosen))))
    return tuple(f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in values)


def _light(pixels: Floats) -> Light:
    bright = pixels @ colour.LUMINANCE
    upper = bright >= np.median(bright)
    lab = colour.lab(pixels)
    return Light(
        exposure=_bounded(0.5 * float(np.log2(max(float(bright[upper].mean()), 1e-3) / KEY))),
        contrast=_bounded(0.5 * (float(lab[:, 0].std()) / SPREAD - 1.0)),
        warmth=_bounded(0.5 * _warmth(pixels, bright, upper)),
        saturation=_bounded(0.5 * (float(np.hypot(lab[:, 1], lab[:, 2]).mean()) / CHROMA - 1.0)),
    )


def _warmth(pixels: Floats, bright: Floats, upper: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Of the bright pixels that are nearly grey, in the grade's unit, which gains red by .25 and loses blue by .4."""
    spread = pixels.max(axis=1) - pixels.min(axis=1)
    greyish = upper & (bright < 0.95) & (spread < 0.45 * pixels.max(axis=1) + 1e-3)
    if greyish.sum() < max(1, len(pixels) // 50):
        return 0.0
    red, _green, blue = pixels[greyish].mean(axis=0) + 1e-4
    return float((red / blue / RED_TO_BLUE - 1.0) / 0.65)


def _bounded(value: float) -> float:
    return round(min(max(value, -MOST), MOST), 4)
