"""How a restyled photo relates to its original, its style and the truth. Pictures are H×W×3 sRGB."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, Mask
from servicekit.imaging.resizing import reduced
from servicekit.types import ade20k
from tools.eval_rooms.ground_truth import UNLABELLED, from_ade20k

STRUCTURE_SIDE: Final = 512
"""Long side, in pixels, at which gradients are compared."""
COLOUR_SIDE: Final = 256
"""Long side, in pixels, at which colours are compared: they are areas, not grain."""
NEAR: Final = 12.0
"""ΔE2000 within which a pixel shows a colour of the palette."""
FRAME: Final = 0.006
"""Width of a window's frame that is not its interior, as a share of the photo's long side."""
LEAST: Final = 50
"""Pixels below which an area tells nothing."""


def gradient_correlation(original: RGB, result: RGB) -> float:
    """Pearson's correlation of |∇L*| of both pictures over all pixels, at STRUCTURE_SIDE after a Gaussian of one pixel.

    1 where every edge is as it was; 0 for pictures that have nothing to do with each other or show nothing.
    """
    one, other = _gradient(original), _gradient(result)
    if not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def palette_share(result: RGB, repainted: Mask, palette: Sequence[str]) -> float:
    """Share of the repainted area with min over the palette of ΔE2000 ≤ NEAR; NaN where nothing was repainted."""
    area = _small_mask(repainted)
    if area.sum() < LEAST:
        return float("nan")
    distance = colour.delta_e(_lab(result, COLOUR_SIDE)[area][:, None], colour.lab_of_hex(palette)[None])
    return float((distance.min(axis=1) <= NEAR).mean())


def style_distance(results: Mapping[str, RGB], repainted: Mapping[str, Mask]) -> float:
    """The smallest, over any two styles, of the mean ΔE2000 between them where either repainted; NaN without two."""
    labs = {style: _lab(result, COLOUR_SIDE) for style, result in results.items()}
    distances = []
    for one, other in combinations(results, 2):
        area = _small_mask(repainted[one]) | _small_mask(repainted[other])
        if area.sum() >= LEAST:
            distances.append(float(colour.delta_e(labs[one][area], labs[other][area]).mean()))
    return min(distances, default=float("nan"))


def greatest_difference(original: RGB, result: RGB, area: Mask) -> float:
    """Largest |difference| of any channel, 0–255, in an area; NaN where it is empty."""
    return float(cv2.absdiff(original, result)[area].max()) if area.any() else float("nan")


def window_mean_difference(original: RGB, result: RGB, panes: Mask) -> float:
    """Mean |difference| over the channels, 0–255, in the interior of windows; NaN where none is seen.

    The interior leaves out FRAME of the photo's long side around.
    """
    margin = 2 * round(FRAME * max(panes.shape)) + 1
    inside = cv2.erode(panes.astype(np.uint8), np.ones((margin, margin), dtype=np.uint8)) > 0
    return float(cv2.absdiff(original, result)[inside].mean()) if inside.sum() >= LEAST else float("nan")


def wrongly_painted(repainted: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """|repainted as s where the truth is not s| / |labelled|, s one of five surfaces; NaN where nothing is labelled.

    `repainted` holds ADE20K's indices, `ade20k.UNKNOWN` where the photo was left alone.
    """
    known = truth != UNLABELLED
    if not known.any():
        return float("nan")
    wrong = (repainted != ade20k.UNKNOWN) & (from_ade20k(repainted) != truth)
    return float(wrong[known].mean())


def _gradient(picture: RGB) -> NDArray[np.float32]:
    lightness = np.ascontiguousarray(_lab(picture, STRUCTURE_SIDE)[..., 0])
    smooth = cv2.GaussianBlur(lightness, (0, 0), 1.0)
    across, down = cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32).ravel()


def _lab(picture: RGB, long_side: int) -> Floats:
    return colour.lab(colour.linear(reduced(picture, long_side)))


def _small_mask(mask: Mask) -> Mask:
    """Pixels that lie wholly inside, at COLOUR_SIDE."""
    return np.asarray(reduced(mask.astype(np.float32), COLOUR_SIDE) > 0.99)
