"""What must come out exactly as it is, for every engine."""

from typing import Final

import cv2
import numpy as np

from diffusion.domain import Restyling
from servicekit.errors import FailedPrecondition
from servicekit.imaging.arrays import RGB, Mask
from servicekit.types import ade20k

LEAST_FREE: Final = 0.02
"""Share of the picture that must be left to restyle."""

SEAM: Final = 3
"""Width in pixels of the transition outside of what is kept."""

OPENINGS: Final = ("windowpane", "door", "screen door", "blind", "column")
"""What belongs to the building: it stays unless the caller says otherwise. Published interior pipelines mask windows,
doors and columns."""


def kept(restyling: Restyling) -> Mask | None:
    """All pixels that must stay: the caller's, and windows and doors; None where nothing must.

    Raises FailedPrecondition where that leaves nearly nothing to restyle.
    """
    keep = np.zeros(restyling.photo.shape[:2], dtype=np.bool_) if restyling.keep is None else restyling.keep
    segmentation = restyling.maps.segmentation
    if segmentation is not None and not restyling.repaint_openings:
        openings = np.isin(segmentation, [ade20k.index(name) for name in OPENINGS])
        # a map that shows nothing else is mistaken, and the caller asked for nothing to be kept
        if keep.any() or 1.0 - openings.mean() >= LEAST_FREE:
            keep = keep | openings
    if not keep.any():
        return None
    if 1.0 - keep.mean() < LEAST_FREE:
        raise FailedPrecondition(
            "NOTHING_TO_RESTYLE",
            "What is to be kept, windows and doors among it, covers nearly the whole photo; there is nothing left to "
            "restyle.",
        )
    return keep


def composite(original: RGB, restyled: RGB, keep: Mask | None) -> RGB:
    """The original exactly where it is kept, the restyled picture elsewhere, blended over SEAM pixels outside."""
    if keep is None:
        return restyled
    distance = cv2.distanceTransform((~keep).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
    share = np.clip(distance / (SEAM + 1.0), 0.0, 1.0)[..., None]
    blended = original + share * (restyled.astype(np.float32) - original)
    return np.where(keep[..., None], original, np.rint(blended).astype(np.uint8))
