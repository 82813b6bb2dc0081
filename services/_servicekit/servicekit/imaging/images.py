"""Images of the wire format to arrays and back; `codec` judges the header before anything is decoded."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image as Pillow

from modomo.type.v1 import image_pb2 as pb
from servicekit.imaging import codec
from servicekit.imaging.arrays import RGB, Grey, Mask


def decode_rgb(image: pb.Image, *, field: str = "image", max_pixels: int = codec.MAX_PIXELS) -> RGB:
    """Decodes a photo; raises InvalidArgument naming `field` where it is empty, broken, mislabelled or too large."""
    return np.ascontiguousarray(_decode(image.data, image.format, "RGB", field=field, max_pixels=max_pixels))


def decode_grey(image: pb.Image, *, field: str = "image", max_pixels: int = codec.MAX_PIXELS) -> Grey:
    """Decodes a one-channel picture; errors as decode_rgb."""
    return _decode(image.data, image.format, "L", field=field, max_pixels=max_pixels)


def decode_mask(mask: pb.Mask, *, shape: tuple[int, int], field: str = "mask") -> Mask:
    """Decodes a mask that must have the height and width of its image; errors as decode_rgb."""
    pixels = _decode(mask.png, pb.IMAGE_FORMAT_PNG, "L", field=field, max_pixels=shape[0] * shape[1])
    codec.validate_shape(pixels.shape[:2], shape, field=field)
    return pixels > 127


def encode_jpeg(pixels: RGB, *, quality: int = 92, subsampling: str = "444") -> pb.Image:
    """Encodes RGB without chroma subsampling by default."""
    data = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling=subsampling
    )
    return pb.Image(data=data, format=pb.IMAGE_FORMAT_JPEG, width=pixels.shape[1], height=pixels.shape[0])


def encode_png(pixels: RGB | Grey) -> pb.Image:
    """Encodes RGB or grey without loss, for speed rather than size."""
    data = codec.to_png(Pillow.fromarray(pixels))
    return pb.Image(data=data, format=pb.IMAGE_FORMAT_PNG, width=pixels.shape[1], height=pixels.shape[0])


def encode_mask(region: Mask) -> pb.Mask:
    """Encodes a mask as a PNG of 1 bit."""
    return pb.Mask(png=codec.to_png(Pillow.fromarray(region)))


def _decode(
    data: bytes, claimed: pb.ImageFormat.ValueType, mode: str, *, field: str, max_pixels: int
) -> NDArray[np.uint8]:
    with codec.opened(data, claimed, field=field, max_pixels=max_pixels) as picture:
        if picture.format == "JPEG" and picture.mode in ("RGB", "L"):
            pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colorspace="RGB" if mode == "RGB" else "GRAY")
            return pixels if mode == "RGB" else pixels[..., 0]
        return np.asarray(picture.convert(mode))
