"""A request on a smaller photo, with all that belongs to it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diffusion.domain import Maps, Restyling
from servicekit.imaging import resizing
from servicekit.imaging.resizing import Number


def shrunk(restyling: Restyling, long_side: int) -> Restyling:
    """The same request on a photo of at most `long_side`; a pixel is kept where any part of it was."""
    maps, keep = restyling.maps, restyling.keep
    return replace(
        restyling,
        photo=resizing.reduced(restyling.photo, long_side),
        maps=Maps(
            depth=_reduced(maps.depth, long_side),
            canny=_reduced(maps.canny, long_side),
            segmentation=_reduced(maps.segmentation, long_side, nearest=True),
            confidence=_reduced(maps.confidence, long_side),
        ),
        keep=None if keep is None else resizing.reduced(keep.astype(np.float32), long_side) > 0,
    )


def _reduced(plane: NDArray[Number] | None, long_side: int, *, nearest: bool = False) -> NDArray[Number] | None:
    return None if plane is None else resizing.reduced(plane, long_side, nearest=nearest)
