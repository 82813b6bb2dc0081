"""`python -m tools.gallery PHOTO OUT`: a photo and what the lite engines make of it, as in README's picture."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from diffusion.styles import read_styles
from servicekit.imaging.arrays import RGB
from tools.eval_rooms.engines import STYLES, Engines

TILE: Final = (600, 450)
GAP: Final = 10
COLUMNS: Final = 3


async def restyled(photo: RGB, styles: Sequence[str]) -> list[RGB]:
    """The photo, then one result a style."""
    async with Engines() as engines:
        seen = await engines.look(photo)
        return [photo, *[(await engines.restyle(photo, seen, style)).images[0] for style in styles]]


def grid(pictures: Sequence[RGB]) -> Image.Image:
    """Pictures in rows of three, each scaled into a tile, on white."""
    width, height = TILE
    rows = -(-len(pictures) // COLUMNS)
    canvas = Image.new("RGB", (COLUMNS * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for number, picture in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        tile = Image.fromarray(picture)
        tile.thumbnail(TILE, Image.Resampling.LANCZOS)
        canvas.paste(tile, (column * (width + GAP), row * (height + GAP)))
    return canvas


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.gallery", description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("out", type=Path, help="a file whose ending says the format")
    parser.add_argument("--styles", nargs="+", default=STYLES, choices=sorted(read_styles()), metavar="STYLE")
    options = parser.parse_args(arguments)
    with Image.open(options.photo) as opened:
        opened.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
        photo = np.asarray(opened.convert("RGB"))
    grid(asyncio.run(restyled(photo, options.styles))).save(options.out, quality=88)
    return 0


if __name__ == "__main__":
    sys.exit(main())
