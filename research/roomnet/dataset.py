"""Examples to learn from: a picture and all that is true of it, in shards of compressed arrays."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from research.roomnet import photo, truth
from research.roomnet.renderer.trace import Buffers, Quality, Tracer
from research.roomnet.rooms import flash, processing, random, viewpoint
from research.roomnet.rooms.random import ROOM_TYPES

WIDTH, HEIGHT = 288, 216
FAST: Final = Quality(samples=2, bounces=1, every_light=False, passes=5, reach=1, strength=6.0, clamp=8.0, ambient=0.12)
"""A fifth of a second a picture and core at 288×216."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture; arrays are H×W or H×W×3."""

    seed: int
    image: NDArray[np.uint8]
    """sRGB."""

    labels: NDArray[np.uint8]
    """ADE20K indices; 255 where nothing was hit."""

    depth: NDArray[np.uint16]
    """Millimetres along the camera's axis; 0 where nothing was hit."""

    normal: NDArray[np.int8]
    """Unit vector × 127 in camera coordinates: right, up, towards the camera."""

    surface: NDArray[np.uint16]
    """Number of the surface or object; 65535 where nothing was hit."""

    albedo: NDArray[np.uint8]
    """Diffuse reflectance, square root × 255."""

    shading: NDArray[np.float16]
    """Light on the first diffuse surface, in the exposure of `image`."""

    room_type: str
    objects: tuple[truth.Seen, ...]


def example(seed: int, *, width: int = WIDTH, height: int = HEIGHT, quality: Quality = FAST) -> Example:
    """Makes a room, goes in and takes a picture; the same seed gives the same example on one machine."""
    rng = np.random.default_rng(seed)
    if rng.random() < 0.12:
        width, height = height, width
    room_type = str(rng.choice(ROOM_TYPES, p=random.SHARES))
    empty = rng.random() < random.EMPTY
    plan = random.empty_room(rng) if empty else random.room(rng, room_type)
    furniture, ceiling = (
        float(np.clip(rng.normal(0.66, 0.17), 0.1, 0.95)),
        float(np.clip(rng.normal(0.035, 0.05), 0, 0.25)),
    )
    with Tracer(plan.scene) as tracer:
        camera = viewpoint.choose(
            plan, width, height, tracer.glance, furniture=0.05 if empty else furniture, ceiling=ceiling
        )
        buffers = tracer.render(camera, quality, seed=seed & 0xFFFFFFFF)
    if rng.random() < flash.SHARE:
        buffers = flash.fired(buffers, camera, rng)
    development = processing.by_chance(buffers.light, rng)
    image = photo.develop(buffers.light, development, rng)
    if rng.random() < 0.6:
        image = _through_jpeg(image, int(rng.integers(55, 96)))
    view = camera.packed()[0]
    return Example(
        seed=seed,
        image=image,
        labels=truth.labels(buffers.part, plan.scene.parts),
        depth=truth.depth_millimetres(buffers.depth),
        normal=_in_camera(buffers.normal, view["right"], view["up"], view["axis"]),
        surface=np.where(buffers.part < 0, 65535, buffers.part).astype(np.uint16),
        albedo=(np.sqrt(np.clip(buffers.albedo, 0, 1)) * 255 + 0.5).astype(np.uint8),
        shading=_shading(buffers, development.exposure),
        room_type="other" if empty else room_type,
        objects=tuple(truth.things(buffers.part, plan.scene.parts)),
    )


def save(examples: Sequence[Example], path: Path, *, compressed: bool = True) -> None:
    """One shard; pictures of either orientation are kept as lists of arrays of one shape each."""
    arrays: dict[str, NDArray[Any]] = {
        "seed": np.array([one.seed for one in examples], np.int64),
        "room_type": np.array([ROOM_TYPES.index(one.room_type) for one in examples], np.uint8),
    }
    for name in ("image", "labels", "depth", "normal", "surface", "albedo", "shading"):
        for number, one in enumerate(examples):
            arrays[f"{name}_{number:04}"] = getattr(one, name)
    rows = [
        (number, seen.thing, seen.part, *seen.box, seen.pixels)
        for number, one in enumerate(examples)
        for seen in one.objects
    ]
    columns = [
        ("example", "i4"),
        ("thing", "U16"),
        ("part", "i4"),
        ("left", "i4"),
        ("top", "i4"),
        ("right", "i4"),
        ("bottom", "i4"),
        ("pixels", "i4"),
    ]
    arrays["objects"] = np.array(rows, dtype=columns)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        write = np.savez_compressed if compressed else np.savez
        write(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for its own option
    partial.replace(path)  # a shard is either whole or not there


def load(path: Path) -> Iterator[Example]:
    """The examples of a shard."""
    with np.load(path, allow_pickle=False) as shard:
        objects = shard["objects"]
        for number, seed in enumerate(shard["seed"]):
            mine = objects[objects["example"] == number]
            fields = ("image", "labels", "depth", "normal", "surface", "albedo", "shading")
            yield Example(
                seed=int(seed),
                room_type=ROOM_TYPES[int(shard["room_type"][number])],
                objects=tuple(_seen(row) for row in mine),
                **{name: shard[f"{name}_{number:04}"] for name in fields},
            )


def shards(folder: Path) -> Iterable[Path]:
    """In order."""
    return sorted(folder.glob("rooms-*.npz"))


def _seen(row: np.void) -> truth.Seen:
    box = (int(row["left"]), int(row["top"]), int(row["right"]), int(row["bottom"]))
    return truth.Seen(thing=str(row["thing"]), part=int(row["part"]), box=box, pixels=int(row["pixels"]))


def _in_camera(
    normal: NDArray[np.float32], right: NDArray[np.float32], up: NDArray[np.float32], axis: NDArray[np.float32]
) -> NDArray[np.int8]:
    basis = np.stack([right / np.linalg.norm(right), up / np.linalg.norm(up), -axis], axis=1)
    rounded: NDArray[np.int8] = np.round(normal @ basis * 127).astype(np.int8)
    return rounded


def _shading(buffers: Buffers, exposure: float) -> NDArray[np.float16]:
    grey = buffers.shading @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    exposed: NDArray[np.float16] = np.clip(grey * exposure, 0, 1000).astype(np.float16)
    return exposed


def _through_jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None  # noqa: S101 - it was encoded on the line above
    return np.ascontiguousarray(decoded[..., ::-1]).astype(np.uint8)
