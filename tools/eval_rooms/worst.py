"""Contact sheets of the photos whose paint invents the most edges, before and after side by side, worst first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from servicekit.imaging.arrays import RGB

WIDTH: Final = 480
"""Pixels of a picture."""
SHOWN: Final = 40
A_SHEET: Final = 5


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A photo and what became of it, small."""

    title: str
    share: float
    """Of its borders, invented."""
    picture: RGB


def pair(photo: RGB, result: RGB, *, title: str, share: float) -> Pair:
    """Both at WIDTH."""
    size = (WIDTH, max(1, min(2 * WIDTH, round(WIDTH * photo.shape[0] / photo.shape[1]))))
    shown = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (photo, result)]
    return Pair(title=title, share=share, picture=np.asarray(np.hstack(shown), dtype=np.uint8))


def write(folder: Path, pairs: list[Pair]) -> int:
    """Writes `worst-N.png` of the SHOWN worst; returns how many sheets these are."""
    worst = sorted(pairs, key=lambda one: -one.share)[:SHOWN]
    sheets = [worst[at : at + A_SHEET] for at in range(0, len(worst), A_SHEET)]
    for number, sheet in enumerate(sheets, start=1):
        rows = []
        for one in sheet:
            row = one.picture.copy()
            cv2.putText(row, one.title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 0, 0), 1, cv2.LINE_AA)
            rows.append(row)
        Image.fromarray(np.vstack(rows)).save(folder / f"worst-{number}.png")
    return len(sheets)
