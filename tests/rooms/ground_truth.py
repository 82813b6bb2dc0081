"""Real photos of rooms with labels or depth, from whatever part of the collection is there.

Labels are reduced to five surfaces, in which all data sets agree: wall, floor with rugs, ceiling, window with door and
blind, and everything else.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SURFACES: Final = ("wall", "floor", "ceiling", "window", "furniture")
UNLABELLED: Final = 255

_ADE: Final = {"wall": (0,), "floor": (3, 28), "ceiling": (5,), "window": (8, 14, 58, 63)}
"""Of ADE20K's 0-based indices; all others are furniture."""
_NYU: Final = {"wall": (0,), "floor": (1, 19), "ceiling": (21,), "window": (7, 8, 12)}
"""Of NYU-40's 0-based indices; all others are furniture."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo and what is known of it."""

    name: str

    rgb: NDArray[np.uint8]
    """H×W×3."""

    surfaces: NDArray[np.uint8] | None = None
    """H×W indices into SURFACES, or UNLABELLED."""

    depth: NDArray[np.float32] | None = None
    """H×W, in whatever unit; 0 where it is missing."""


def folder() -> Path | None:
    """Where the collection is; None where the environment names none, or none that exists."""
    path = Path(os.environ.get("MODOMO_ROOMS", ""))
    return path if os.environ.get("MODOMO_ROOMS") and path.is_dir() else None


def from_ade20k(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """ADE20K's 0-based indices as indices into SURFACES."""
    return _reduced(labels, _ADE)


def labelled(root: Path) -> Iterator[Photo]:
    """Photos with labels (some of them with depth as well)."""
    truth = root / "groundtruth"
    for file in sorted((truth / "ade20k_seg").glob("*_label150.png")):
        labels = _read(file).astype(np.int64) - 1
        surfaces = np.where(labels < 0, UNLABELLED, from_ade20k(labels)).astype(np.uint8)
        photo = _rgb(file.with_name(file.name.replace("_label150", "")))
        yield Photo(name=file.stem.replace("_label150", ""), rgb=photo, surfaces=surfaces)
    for file in sorted((truth / "seg40_nyu_drsleep").glob("*_mask.png")):
        photo = _rgb(file.with_name(file.name.replace("_mask", "")))
        yield Photo(name=file.stem.replace("_mask", ""), rgb=photo, surfaces=_nyu(file))
    for file in sorted((truth / "depth_seg_nyu_drsleep").glob("segm_gt_*.png")):
        number = file.stem.removeprefix("segm_gt_")
        depth = _read(file.with_name(f"depth_gt_{number}.png")).astype(np.float32)
        yield Photo(name=number, rgb=_rgb(file.with_name(f"{number}.png")), surfaces=_nyu(file), depth=depth)


def with_depth(root: Path) -> Iterator[Photo]:
    """Photos with depth."""
    truth = root / "groundtruth"
    yield from (photo for photo in labelled(root) if photo.depth is not None)
    for folder_name, colour, depth in (
        ("depth_nyu_metric3d", "rgb_", "sync_depth_"),
        ("depth_open3d", "color_", "depth_"),
        ("depth_open3d", "other_formats_TUM_color", "other_formats_TUM_depth"),
    ):
        for file in sorted((truth / folder_name).glob(f"{colour}*")):
            match = file.with_name(file.stem.replace(colour, depth) + ".png")
            if match.exists():
                yield Photo(name=file.stem, rgb=_rgb(file), depth=_read(match).astype(np.float32))


def unlabelled(root: Path) -> Iterator[Photo]:
    """Photos of which nothing is known."""
    for file in sorted((root / "photos").glob("*.jpg")):
        yield Photo(name=file.stem, rgb=_rgb(file))


def typed(root: Path) -> Iterator[tuple[str, Photo]]:
    """Photos with the kind of room that they show."""
    for file in sorted((root / "groundtruth" / "room_type").glob("*/*.jpg")):
        yield file.parent.name, Photo(name=file.stem, rgb=_rgb(file))


def _nyu(file: Path) -> NDArray[np.uint8]:
    labels = _read(file)
    return np.where(labels == UNLABELLED, UNLABELLED, _reduced(labels, _NYU)).astype(np.uint8)


def _reduced(labels: NDArray[np.integer], table: dict[str, tuple[int, ...]]) -> NDArray[np.uint8]:
    surfaces = np.full(labels.shape, SURFACES.index("furniture"), dtype=np.uint8)
    for name, indices in table.items():
        surfaces[np.isin(labels, indices)] = SURFACES.index(name)
    return surfaces


def _rgb(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def _read(file: Path) -> NDArray[np.integer]:
    """Values as stored: indices of a palette picture, 16-bit depth."""
    with Image.open(file) as picture:
        return np.asarray(picture)
