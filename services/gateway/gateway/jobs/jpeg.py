"""Pictures to JPEGs that hold pixels and nothing else."""

import io
from typing import Literal

from PIL import Image as Pillow


def encode(picture: Pillow.Image, *, quality: int, subsampling: Literal["4:4:4", "4:2:0"]) -> bytes:
    """An RGB picture without what it carries beside its pixels, some of which Pillow would write. Blocking."""
    bare = picture.copy()
    bare.info = {}
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return buffer.getvalue()
