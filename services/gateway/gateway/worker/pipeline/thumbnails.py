"""Small pictures made of a restyled photo."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image as Pillow

from servicekit.imaging.codec import to_jpeg
from servicekit.imaging.sizes import bounded_size, decoder_size

THUMBNAIL_SIDE: Final = 384
HALF_SIDE: Final = 512
"""Long side of each half of a before/after picture, at most."""
GAP: Final = 8
"""Width of the white line between the halves, in pixels."""
_QUALITY: Final = 85
_WHITE: Final = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class SmallPictures:
    """JPEGs."""

    thumbnail: bytes
    """Of the restyled photo, with a long side of at most 384 pixels."""

    before_after: bytes
    """The photo, left, and the restyled one side by side, each with a long side of at most 512 pixels."""


def small_pictures(before: bytes, after: bytes) -> SmallPictures:
    """Of two JPEGs of the same proportions, each decoded once; raises OSError where one is damaged.

    Blocking: run it off the event loop.
    """
    left, right = _decoded(before), _decoded(after)
    small = _resized(right, bounded_size(*right.size, THUMBNAIL_SIDE))
    both = Pillow.new("RGB", (2 * left.width + GAP, left.height), _WHITE)
    both.paste(left, (0, 0))
    both.paste(_resized(right, left.size), (left.width + GAP, 0))
    return SmallPictures(
        thumbnail=to_jpeg(small, quality=_QUALITY, subsampling="4:2:0"),
        before_after=to_jpeg(both, quality=_QUALITY, subsampling="4:2:0"),
    )


def _decoded(photo: bytes) -> Pillow.Image:
    """As large as a half of a before/after picture, scaled by the decoder where that comes near."""
    with Pillow.open(io.BytesIO(photo), formats=["JPEG"]) as picture:
        picture.draft("RGB", decoder_size(*picture.size, HALF_SIDE))
        picture.load()
        pixels = picture if picture.mode == "RGB" else picture.convert("RGB")
        return _resized(pixels, bounded_size(*picture.size, HALF_SIDE))


def _resized(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    if picture.size == size:
        return picture
    return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0)
