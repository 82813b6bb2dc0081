"""What can be had without looking: guesses by position alone, and paint on them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from diffusion.styles import Style
from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k
from tools.eval_rooms.ground_truth import SURFACES


def surfaces(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What a photo of a room shows where: ceiling, wall, furniture, and floor at the bottom; H×W into SURFACES."""
    layout = np.full(shape[:2], SURFACES.index("wall"), dtype=np.uint8)
    layout[: int(0.08 * shape[0])] = SURFACES.index("ceiling")
    layout[int(0.5 * shape[0]) :] = SURFACES.index("furniture")
    layout[int(0.85 * shape[0]) :] = SURFACES.index("floor")
    return layout


def inverse_depth(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Near below and far above, in equal steps: H×W."""
    return np.repeat(np.linspace(0, 1, shape[0], dtype=np.float32)[:, None], shape[1], axis=1)


def most_frequent(types: Sequence[str]) -> float:
    """Top-1 of always naming the type that a collection shows most often; NaN of nothing."""
    return max(types.count(one) for one in types) / len(types) if types else float("nan")


def restyled(photo: RGB, style: Style) -> tuple[RGB, NDArray[np.uint8]]:
    """Wall, floor and ceiling by position in the style's colours under the photo's lightness, and what was painted as
    what: ADE20K's indices, `ade20k.UNKNOWN` where nothing was."""
    layout = surfaces(photo.shape)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    result = photo.copy()
    painted = np.full(layout.shape, ade20k.UNKNOWN, dtype=np.uint8)
    for surface in ("wall", "floor", "ceiling"):
        area = layout == SURFACES.index(surface)
        colour = np.frombuffer(bytes.fromhex(getattr(style.palette, surface)[1:]), dtype=np.uint8)
        shade = grey[area] / max(1.0, float(np.median(grey[area])))
        result[area] = np.clip(shade[:, None] * colour, 0, 255).astype(np.uint8)
        painted[area] = ade20k.index(surface)
    return result, painted
