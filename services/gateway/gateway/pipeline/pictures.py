"""Small pictures made of a restyled photo. Blocking: run them off the event loop.

The sizes are eighths of 1024, the long side of most photos: the JPEG transform scales to those by itself.
"""

from typing import Final

import numpy as np
import simplejpeg
from PIL import Image as Pillow

from servicekit.images import RGB, encode_jpeg

THUMBNAIL_SIDE: Final = 384
HALF_SIDE: Final = 512
"""Long side of each half of a before/after picture, at most."""
GAP: Final = 8
"""Width of the white line between the halves, in pixels."""
_QUALITY: Final = 85


def thumbnail(jpeg: bytes) -> bytes:
    """A JPEG with a long side of at most 384 pixels."""
    return encode_jpeg(_at_most(jpeg, THUMBNAIL_SIDE), quality=_QUALITY, subsampling="420").data


def before_after(before: bytes, after: bytes) -> bytes:
    """Two JPEGs of the same proportions side by side, the first one left."""
    left = _at_most(before, HALF_SIDE)
    right = _at_most(after, HALF_SIDE)
    if right.shape != left.shape:
        right = _resized(right, width=left.shape[1], height=left.shape[0])
    gap = np.full((left.shape[0], GAP, 3), 255, np.uint8)
    return encode_jpeg(np.hstack([left, gap, right]), quality=_QUALITY, subsampling="420").data


def _at_most(jpeg: bytes, side: int) -> RGB:
    """Decodes at the smallest scale of the JPEG transform that is large enough, then resizes the rest of the way."""
    height, width, _colours, _sampling = simplejpeg.decode_jpeg_header(jpeg)
    scale = min(1.0, side / max(width, height))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    pixels: RGB = simplejpeg.decode_jpeg(jpeg, colorspace="RGB", min_width=width, min_height=height, min_factor=1)
    return pixels if pixels.shape[:2] == (height, width) else _resized(pixels, width=width, height=height)


def _resized(pixels: RGB, *, width: int, height: int) -> RGB:
    return np.asarray(Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BILINEAR, reducing_gap=2.0))
