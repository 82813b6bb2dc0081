"""One picture that shows everything about a photo: the original, what was seen, and the five styles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from servicekit.imaging.arrays import RGB
from servicekit.types import ade20k
from tools.eval_rooms.engines import Seen

TILE: Final = 480
"""Width of a tile, pixels; it is at most twice as high."""
COLUMNS: Final = 3
CAPTION: Final = 26
"""Height of a line of text, pixels."""


def write(file: Path, photo: RGB, seen: Seen, styles: Mapping[str, RGB], *, title: str) -> None:
    """Writes a JPEG: original, labels, confidence, depth and the styles, each with its name."""
    labels, confidence, depth = seen.maps.segmentation, seen.maps.confidence, seen.maps.depth
    if labels is None or confidence is None or depth is None:
        raise ValueError("the maps are not complete")
    shown = {
        title: photo,
        _legend(labels): _mixed(photo, ade20k.colourise(labels)),
        f"confidence, mean {confidence.mean():.2f}": _coloured((confidence * 255).astype(np.uint8)),
        "inverse depth": _coloured(depth),
        **styles,
    }
    tiles = [_tile(caption, picture) for caption, picture in shown.items()]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    Image.fromarray(np.vstack(rows)).save(file, quality=88)


def _legend(labels: NDArray[np.uint8]) -> str:
    """The largest labels with their shares."""
    values, counts = np.unique(labels, return_counts=True)
    largest = np.argsort(-counts)[:6]
    return ", ".join(f"{ade20k.names()[values[one]]} {counts[one] / labels.size:.0%}" for one in largest)


def _mixed(photo: RGB, colours: RGB) -> RGB:
    return np.asarray(cv2.addWeighted(photo, 0.35, colours, 0.65, 0), dtype=np.uint8)


def _coloured(plane: NDArray[np.uint8]) -> RGB:
    return np.asarray(cv2.applyColorMap(plane, cv2.COLORMAP_VIRIDIS)[..., ::-1], dtype=np.uint8)


def _tile(caption: str, picture: RGB) -> RGB:
    scale = min(TILE / picture.shape[1], 2 * TILE / picture.shape[0])
    width, height = max(1, round(scale * picture.shape[1])), max(1, round(scale * picture.shape[0]))
    tile = np.full((height + CAPTION, TILE, 3), 255, dtype=np.uint8)
    tile[CAPTION:, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    cv2.putText(tile, caption, (4, CAPTION - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
