"""Photos to send: as large and as hard to compress as a phone's, made here."""

import io
from functools import cache

import numpy as np
from PIL import Image


@cache
def photo(width: int, height: int, *, quality: int = 90) -> bytes:
    """A JPEG with soft shapes, edges and fine grain; the same bytes every time."""
    generator = np.random.default_rng(7)
    shapes = Image.fromarray(generator.integers(0, 255, (12, 16, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    pixels = np.asarray(shapes).astype(np.int16)
    pixels += ((np.arange(width) // 97 % 2) * 18).astype(np.int16)[None, :, None]
    pixels += generator.integers(-6, 7, (height, width, 1), dtype=np.int16)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def phone_photo() -> bytes:
    """12 megapixels, about 4 MB."""
    return photo(4000, 3000)


def small_photo() -> bytes:
    """As the gateway keeps it: 1024 pixels wide."""
    return photo(1024, 768)
