"""`python -m tools.page_pictures`: the pictures of the gateway's page, all made of our own rendered room.

A thumbnail of each style, the sample photo, and the sample room before and after for the page's beginning.
"""

import asyncio
import io
import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from diffusion.styles import read_styles
from servicekit.imaging.arrays import RGB
from tools.eval_rooms.engines import Engines

ROOT: Final = Path(__file__).parents[1]
ROOM: Final = ROOT / "tests" / "data" / "sample_room" / "photo.jpg"
OUT: Final = ROOT / "services" / "gateway" / "gateway" / "api" / "http" / "playground" / "pictures"
SIDE: Final = 1024
"""Long side of what is restyled and of the sample photo, in pixels."""
THUMBNAIL: Final = (240, 180)
MAX_THUMBNAIL_BYTES: Final = 6 * 1024
SHOWN: Final = "tropical"
"""The style that the page begins with."""


def thumbnail(picture: RGB) -> bytes:
    """A WebP of THUMBNAIL's size and at most MAX_THUMBNAIL_BYTES, in the best quality that fits."""
    small = Image.fromarray(picture).resize(THUMBNAIL, Image.Resampling.LANCZOS)
    for quality in range(84, 20, -4):
        encoded = webp(small, quality)
        if len(encoded) <= MAX_THUMBNAIL_BYTES:
            return encoded
    raise ValueError(f"no thumbnail of {MAX_THUMBNAIL_BYTES} bytes")


def webp(picture: Image.Image, quality: int) -> bytes:
    """Encoded as slowly and as small as can be."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


async def make(out: Path) -> None:
    """Writes all of them."""
    (out / "styles").mkdir(parents=True, exist_ok=True)
    with Image.open(ROOM) as opened:
        opened.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        sample = opened.convert("RGB")
    sample.save(out / "sample.jpg", quality=88, optimize=True)
    (out / "before.webp").write_bytes(webp(sample, 80))
    photo = np.asarray(sample)
    async with Engines() as engines:
        seen = await engines.look(photo)
        for style in sorted(read_styles()):
            restyled = (await engines.restyle(photo, seen, style)).images[0]
            (out / "styles" / f"{style}.webp").write_bytes(thumbnail(restyled))
            if style == SHOWN:
                (out / "after.webp").write_bytes(webp(Image.fromarray(restyled), 80))


def main() -> int:
    """Returns the exit status."""
    asyncio.run(make(OUT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
