"""Pictures decoded and encoded with Pillow alone; `images` makes arrays of them.

The header is judged before anything is decoded, so that a small message cannot unpack into a large picture.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, IMAGE_FORMAT_UNSPECIFIED, ImageFormat
from servicekit.errors import InvalidArgument

MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 16
MAX_SIDE: Final = 16_384

_NAMES: Final = {IMAGE_FORMAT_JPEG: "JPEG", IMAGE_FORMAT_PNG: "PNG"}


@contextmanager
def opened(
    data: bytes, claimed: ImageFormat.ValueType, *, field: str, max_pixels: int = MAX_PIXELS
) -> Iterator[Pillow.Image]:
    """A picture whose pixels may be decoded inside the block.

    Raises InvalidArgument naming `field` where it is empty, broken, mislabelled or too large, then or in the block.
    """
    if not data:
        raise InvalidArgument("IMAGE_MISSING", f"{field} is empty.", field=field)
    if claimed != IMAGE_FORMAT_UNSPECIFIED and claimed not in _NAMES:
        raise InvalidArgument("IMAGE_FORMAT", f"{field} is of an unknown format.", field=field)
    formats = [_NAMES[claimed]] if claimed in _NAMES else list(_NAMES.values())
    try:
        with Pillow.open(io.BytesIO(data), formats=formats) as picture:
            _validate_size(picture.width, picture.height, field=field, max_pixels=max_pixels)
            yield picture
    except Pillow.DecompressionBombError as error:
        raise InvalidArgument("IMAGE_TOO_LARGE", f"{field} has too many pixels.", field=field) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InvalidArgument(
            "IMAGE_UNREADABLE", f"{field} cannot be read as {' or '.join(formats)}.", field=field
        ) from error


def validate_shape(found: tuple[int, int], wanted: tuple[int, int], *, field: str) -> None:
    """Raises InvalidArgument naming `field` where a height and width are not the ones wanted."""
    if found != wanted:
        message = f"{field} is {found[1]}×{found[0]} pixels, its image {wanted[1]}×{wanted[0]}."
        raise InvalidArgument("SIZE_MISMATCH", message, field=field)


def to_png(picture: Pillow.Image) -> bytes:
    """A PNG, made for speed rather than size."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_jpeg(picture: Pillow.Image, *, quality: int, subsampling: Literal["4:4:4", "4:2:0"]) -> bytes:
    """A JPEG of nothing but the pixels: Pillow would write some of what an RGB picture carries beside them."""
    bare = picture.copy()
    bare.info = {}
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return buffer.getvalue()


def _validate_size(width: int, height: int, *, field: str, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise InvalidArgument("IMAGE_TOO_LARGE", f"{field} is {width}×{height} pixels, too large.", field=field)
    if min(width, height) < MIN_SIDE:
        raise InvalidArgument("IMAGE_TOO_SMALL", f"{field} is {width}×{height} pixels, too small.", field=field)
