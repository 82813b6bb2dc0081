"""Images on the wire to arrays and back.

Arrays are H×W×3 uint8 RGB, H×W uint8 grey, or H×W bool masks. The header is read and judged before anything is
decoded, so that a small message cannot unpack into a large picture.
"""

import io
from typing import Final, TypeAlias

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from modomo.type.v1.image_pb2 import (
    IMAGE_FORMAT_JPEG,
    IMAGE_FORMAT_PNG,
    IMAGE_FORMAT_UNSPECIFIED,
    Image,
    ImageFormat,
    Mask,
)
from servicekit.errors import InvalidArgument

RGB: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0–255."""
Grey: TypeAlias = NDArray[np.uint8]
"""H×W, 0–255."""
Region: TypeAlias = NDArray[np.bool_]
"""H×W, true inside."""

MAX_PIXELS: Final = 50_000_000
MIN_SIDE: Final = 16
MAX_SIDE: Final = 16_384

_NAMES: Final = {IMAGE_FORMAT_JPEG: "JPEG", IMAGE_FORMAT_PNG: "PNG"}


def decode_rgb(image: Image, *, field: str = "image", max_pixels: int = MAX_PIXELS) -> RGB:
    """Decodes a photo; raises InvalidArgument naming `field` where it is empty, broken, mislabelled or too large."""
    return np.ascontiguousarray(_decode(image.data, image.format, "RGB", field=field, max_pixels=max_pixels))


def decode_grey(image: Image, *, field: str = "image", max_pixels: int = MAX_PIXELS) -> Grey:
    """Decodes a one-channel picture; errors as decode_rgb."""
    return _decode(image.data, image.format, "L", field=field, max_pixels=max_pixels)


def decode_mask(mask: Mask, *, shape: tuple[int, int], field: str = "mask") -> Region:
    """Decodes a mask that must have the height and width of its image; errors as decode_rgb."""
    pixels = _decode(mask.png, IMAGE_FORMAT_PNG, "L", field=field, max_pixels=shape[0] * shape[1])
    require_shape(pixels, shape, field=field)
    return pixels > 127


def encode_jpeg(pixels: RGB, *, quality: int = 92, subsampling: str = "444") -> Image:
    """Encodes RGB without chroma subsampling by default."""
    data = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling=subsampling
    )
    return Image(data=data, format=IMAGE_FORMAT_JPEG, width=pixels.shape[1], height=pixels.shape[0])


def encode_png(pixels: RGB | Grey) -> Image:
    """Encodes RGB or grey without loss, for speed rather than size."""
    data = _png(Pillow.fromarray(pixels))
    return Image(data=data, format=IMAGE_FORMAT_PNG, width=pixels.shape[1], height=pixels.shape[0])


def encode_mask(region: Region) -> Mask:
    """Encodes a mask as a PNG of 1 bit."""
    return Mask(png=_png(Pillow.fromarray(region)))


def require_shape(pixels: NDArray[np.generic], shape: tuple[int, int], *, field: str) -> None:
    """Raises InvalidArgument where a picture's height and width are not `shape`."""
    if pixels.shape[:2] != shape:
        message = f"{field} is {pixels.shape[1]}×{pixels.shape[0]} pixels, its image {shape[1]}×{shape[0]}."
        raise InvalidArgument("SIZE_MISMATCH", message, field=field)


def _decode(
    data: bytes, claimed: ImageFormat.ValueType, mode: str, *, field: str, max_pixels: int
) -> NDArray[np.uint8]:
    if not data:
        raise InvalidArgument("IMAGE_MISSING", f"{field} is empty.", field=field)
    if claimed != IMAGE_FORMAT_UNSPECIFIED and claimed not in _NAMES:
        raise InvalidArgument("IMAGE_FORMAT", f"{field} is of an unknown format.", field=field)
    formats = [_NAMES[claimed]] if claimed in _NAMES else list(_NAMES.values())
    try:
        with Pillow.open(io.BytesIO(data), formats=formats) as picture:
            _require_size(picture.width, picture.height, field=field, max_pixels=max_pixels)
            if picture.format == "JPEG" and picture.mode in ("RGB", "L"):
                pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="RGB" if mode == "RGB" else "GRAY")
                return pixels if mode == "RGB" else pixels[..., 0]
            return np.asarray(picture.convert(mode))
    except Pillow.DecompressionBombError as error:
        raise InvalidArgument("IMAGE_TOO_LARGE", f"{field} has too many pixels.", field=field) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InvalidArgument(
            "IMAGE_UNREADABLE", f"{field} cannot be read as {' or '.join(formats)}.", field=field
        ) from error


def _require_size(width: int, height: int, *, field: str, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise InvalidArgument("IMAGE_TOO_LARGE", f"{field} is {width}×{height} pixels, too large.", field=field)
    if min(width, height) < MIN_SIDE:
        raise InvalidArgument("IMAGE_TOO_SMALL", f"{field} is {width}×{height} pixels, too small.", field=field)


def _png(picture: Pillow.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
