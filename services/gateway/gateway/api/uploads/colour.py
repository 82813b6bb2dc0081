"""Converts the colours of any picture to 8-bit sRGB by its colour profile."""

import io
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from PIL import Image as Pillow
from PIL import ImageChops

from gateway.api.uploads import icc
from servicekit.observability import logs

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

log = logs.get(__name__)

_MAX_PROFILE_BYTES: Final = 4 * 2**20
_SAME: Final = 2
"""Largest difference of a value, of 255, by which a profile may be sRGB's own: rounding gives 1."""
_WHITE: Final = (255, 255, 255)


def to_eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """Any mode to `L`, `RGB`, `RGBA` or `CMYK`, which can be resized; palettes and colour keys are resolved."""
    if picture.mode == "I;16":
        return Pillow.frombytes("L", picture.size, picture.tobytes(), "raw", "L;16")  # the upper byte of each pixel
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "La", "RGBa"):
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def to_srgb(picture: Pillow.Image, profile: bytes) -> Pillow.Image:
    """`L`, `RGB`, `RGBA` or `CMYK` to `RGB`: transparency over white, then from the ICC profile to sRGB.

    An empty profile means sRGB. One that is broken, or belongs to another kind of picture, is ignored, as browsers do.
    """
    if picture.mode == "RGBA":
        background = Pillow.new("RGB", picture.size, _WHITE)
        background.paste(picture, mask=picture.getchannel("A"))
        picture = background
    if profile and len(profile) <= _MAX_PROFILE_BYTES:
        from PIL import ImageCms  # noqa: PLC0415 - many processes never meet a profile

        try:
            transform = _transform(profile, picture.mode)
            if transform is not None:
                return ImageCms.applyTransform(picture, transform) or picture
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            log.info("colour profile ignored", problem=str(error))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> "ImageCmsTransform | None":
    """From a profile to sRGB; None where the profile is sRGB itself."""
    from PIL import ImageCms  # noqa: PLC0415 - as above

    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc.without_pipelines(profile))),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode == "RGB":
        samples = _samples()
        changed = ImageChops.difference(samples, ImageCms.applyTransform(samples, transform) or samples)
        if max(changed.tobytes()) <= _SAME:
            return None
    return transform


@cache
def _samples() -> Pillow.Image:
    """Colours from the whole of RGB, one a pixel."""
    steps = range(0, 256, 15)
    return Pillow.frombytes(
        "RGB",
        (len(steps) ** 2, len(steps)),
        bytes(value for red in steps for green in steps for blue in steps for value in (red, green, blue)),
    )
