"""Images on the wire to arrays and back.

Arrays are H×W×3 uint8 RGB, H×W uint8 grey, or H×W bool masks. `pictures` judges the header before anything is decoded.
"""

from typing import TypeAlias

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image as Pillow

from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, Image, ImageFormat, Mask
from servicekit.imaging import pictures
from servicekit.imaging.pictures import MAX_PIXELS

RGB: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0–255."""
Grey: TypeAlias = NDArray[np.uint8]
"""H×W, 0–255."""
Region: TypeAlias = NDArray[np.bool_]
"""H×W, true inside."""


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
    data = pictures.to_png(Pillow.fromarray(pixels))
    return Image(data=data, format=IMAGE_FORMAT_PNG, width=pixels.shape[1], height=pixels.shape[0])


def encode_mask(region: Region) -> Mask:
    """Encodes a mask as a PNG of 1 bit."""
    return Mask(png=pictures.to_png(Pillow.fromarray(region)))


def require_shape(pixels: NDArray[np.generic], shape: tuple[int, int], *, field: str) -> None:
    """Raises InvalidArgument where a picture's height and width are not `shape`."""
    pictures.require_shape((pixels.shape[0], pixels.shape[1]), shape, field=field)


def _decode(
    data: bytes, claimed: ImageFormat.ValueType, mode: str, *, field: str, max_pixels: int
) -> NDArray[np.uint8]:
    with pictures.opened(data, claimed, field=field, max_pixels=max_pixels) as picture:
        if picture.format == "JPEG" and picture.mode in ("RGB", "L"):
            pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="RGB" if mode == "RGB" else "GRAY")
            return pixels if mode == "RGB" else pixels[..., 0]
        return np.asarray(picture.convert(mode))
