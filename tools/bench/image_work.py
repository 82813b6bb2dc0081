"""The image work of a job, as plain functions for the baselines."""

import io

from PIL import Image

from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import optimise as optimise_upload

LONG_SIDE = 1024


def optimise(data: bytes) -> bytes:
    """The gateway's own way: checked, upright, bounded, free of metadata."""
    return optimise_upload(read_header(data), long_side=LONG_SIDE).jpeg


def optimise_with_pillow(data: bytes) -> bytes:
    """The plain way: decode in full, resize, encode."""
    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=92, subsampling=0)
        return buffer.getvalue()


def pictures(photo: bytes) -> dict[str, bytes]:
    """What a job that changes nothing stores: result, thumbnail, before and after."""
    with Image.open(io.BytesIO(photo)) as picture:
        picture.load()
        thumbnail = picture.resize((384, 384 * picture.height // picture.width))
        both = Image.new("RGB", (2 * picture.width, picture.height))
        both.paste(picture, (0, 0))
        both.paste(picture, (picture.width, 0))
    encoded = {"result": photo}
    for name, image in (("thumbnail", thumbnail), ("before-after", both)):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=85)
        encoded[name] = buffer.getvalue()
    return encoded
