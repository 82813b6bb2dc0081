"""`python -m tools.materials`: a thumbnail of each material, a piece of it seen from the front."""

import io
import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

import diffusion
from diffusion import materials
from diffusion.lite.materials import catalogue
from diffusion.lite.materials.sampling import albedo_at
from diffusion.styles import Finish
from servicekit.imaging import colour
from servicekit.imaging.arrays import floats

FOLDER: Final = Path(diffusion.__file__).parent / materials.THUMBNAILS
SIDE: Final = 128
"""Pixels."""
UNITS: Final = 4.5
"""Boards, tiles or bricks across, of what has such."""
METRES: Final = (0.6, 1.6)
"""Across at least and at most."""


def drawn(finish: Finish) -> bytes:
    """A square piece as WebP."""
    across = float(np.clip(UNITS * finish.size, *METRES))
    places = floats((np.indices((SIDE, SIDE)) + 0.5) * across / SIDE)
    texture = catalogue.texture(finish, 0)
    pixels = np.broadcast_to(colour.from_hex(finish.color), (SIDE * SIDE, 3))
    if texture is not None:
        grain = np.full(SIDE * SIDE, across / SIDE, dtype=np.float32)
        pixels = albedo_at(texture, places[1].ravel(), places[0].ravel(), grain)
    buffer = io.BytesIO()
    Image.fromarray(colour.srgb(floats(pixels).reshape(SIDE, SIDE, 3))).save(buffer, "WebP", quality=80, method=6)
    return buffer.getvalue()


def files() -> dict[Path, bytes]:
    """Every thumbnail by its path."""
    return {FOLDER / f"{name}.webp": drawn(entry.finish) for name, entry in materials.entries().items()}


def main() -> int:
    """Writes them, and deletes those of materials that are no more."""
    made = files()
    FOLDER.mkdir(exist_ok=True)
    for path in set(FOLDER.iterdir()) - set(made):
        path.unlink()
    for path, data in made.items():
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
