"""Rooms for tests: one that is drawn, with its true surfaces, and real photos where the environment names some."""

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from servicekit.images import RGB


@dataclass(frozen=True, kw_only=True)
class DrawnRoom:
    """A plain room: back wall, side wall, ceiling, boards, a window and a sofa."""

    photo: RGB

    floor: NDArray[np.bool_]

    wall: NDArray[np.bool_]

    window: NDArray[np.bool_]

    sofa: NDArray[np.bool_]


def draw_room(width: int = 640, height: int = 480) -> DrawnRoom:
    """Draws the room at any size; the same every time."""

    def area(*points: tuple[float, float]) -> NDArray[np.bool_]:
        corners = np.array([[round(x * width), round(y * height)] for x, y in points], dtype=np.int32)
        return cv2.fillPoly(np.zeros((height, width), np.uint8), [corners], 1) > 0

    whole = np.ones((height, width), dtype=bool)
    floor = area((-0.1, 1.1), (0.25, 0.68), (1.1, 0.68), (1.1, 1.1))
    ceiling = area((-0.1, -0.1), (0.25, 0.16), (1.1, 0.16), (1.1, -0.1))
    side = area((-0.1, -0.1), (0.25, 0.16), (0.25, 0.68), (-0.1, 1.1))
    window = area((0.55, 0.24), (0.8, 0.24), (0.8, 0.5), (0.55, 0.5))
    sofa = area((0.35, 0.56), (0.72, 0.56), (0.76, 0.8), (0.33, 0.8))
    colours: list[tuple[NDArray[np.bool_], tuple[int, int, int]]] = [
        (whole, (176, 170, 158)),
        (side, (158, 151, 139)),
        (ceiling, (238, 237, 233)),
        (floor, (131, 92, 58)),
        (window, (250, 253, 255)),
        (sofa, (52, 66, 108)),
    ]
    photo = np.zeros((height, width, 3), dtype=np.float32)
    for region, colour in colours:
        photo[region] = colour
    rows = np.linspace(0.92, 1.06, height, dtype=np.float32)[:, None, None]
    noise = np.random.default_rng(7).normal(0, 2.0, photo.shape)
    pixels = np.clip(photo * rows + noise, 0, 255).astype(np.uint8)
    wall = ~(floor | ceiling | window | sofa)
    return DrawnRoom(photo=pixels, floor=floor & ~sofa, wall=wall, window=window, sofa=sofa)


def real_photos() -> list[Path]:
    """Photos of rooms from `MODOMO_ROOMS`; none where it is not set."""
    folder = os.environ.get("MODOMO_ROOMS", "")
    return sorted((Path(folder) / "photos").glob("*.jpg")) if folder else []


@pytest.fixture(scope="session")
def drawn_room() -> DrawnRoom:
    """The drawn room at 640×480."""
    return draw_room()


@pytest.fixture(scope="session")
def rooms_folder() -> Path:
    """The collection of real photos with ground truth."""
    folder = os.environ.get("MODOMO_ROOMS", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MODOMO_ROOMS names no collection of real photos")
    return Path(folder)


def read_photo(file: os.PathLike[str]) -> RGB:
    """Decodes a photo at its own size."""
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))
