"""Small pictures made of a restyled photo. Blocking: run them off the event loop."""

import io
from typing import Final

from PIL import Image as Pillow

from servicekit.imaging.codec import to_jpeg
from servicekit.imaging.sizes import bounded_size

THUMBNAIL_SIDE: Final = 384
HALF_SIDE: Final = 512
"""Long side of each half of a before/after picture, at most."""
GAP: Final = 8
"""Width of the white line between the halves, in pixels."""
_QUALITY: Final = 85
_WHITE: Final = (255, 255, 255)


def thumbnail(photo: bytes) -> bytes:
    """A JPEG with a long side of at most 384 pixels; raises OSError for a JPEG that is damaged."""
    return to_jpeg(_at_most(photo, THUMBNAIL_SIDE), quality=_QUALITY, subsampling="4:2:0")


def before_after(before: bytes, after: bytes) -> bytes:
    """Two JPEGs of the same proportions side by side, the first one left; raises OSError where one is damaged."""
    left = _at_most(before, HALF_SIDE)
    right = _resized(_at_most(after, HALF_SIDE), left.size)
    both = Pillow.new("RGB", (2 * left.width + GAP, left.height), _WHITE)
    both.paste(left, (0, 0))
    both.paste(right, (left.width + GAP, 0))
    return to_jpeg(both, quality=_QUALITY, subsampling="4:2:0")


def _at_most(photo: bytes, side: int) -> Pillow.Image:
    """Decodes at the smallest scale of the JPEG transform that is large enough, then resizes the rest of the way."""
    with Pillow.open(io.BytesIO(photo), formats=["JPEG"]) as picture:
        size = bounded_size(*picture.size, side)
        picture.draft("RGB", size)
        return _resized(picture.convert("RGB"), size)


def _resized(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0)
