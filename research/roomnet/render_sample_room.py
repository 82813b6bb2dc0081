"""Renders a sample room with its ground truth: `nice python -m research.roomnet.render_sample_room [--room bedroom]`.

`photo.jpg`; `depth.png`, 16 bit, millimetres along the optical axis; `labels.png`, ADE20K indices with 0 for wall and
255 for nothing; `room.json` with camera, room type and objects. It needs gcc and about 10 minutes of two cores; the
bedroom and the kitchen were rendered with `--width 800 --samples 20`.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.progress import Progress

from research.roomnet import photo, truth
from research.roomnet.renderer.trace import Buffers, Quality, render
from research.roomnet.rooms import sample, sample_others
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.scene import Scene

FOLDER = Path(__file__).parents[2] / "tests" / "data"
DEVELOPMENT = photo.Development(
    exposure=3.3,
    white_balance=(1.0, 1.0, 1.0),
    shadows=0.42,
    saturation=0.92,
    glare=0.05,
    vignette=0.16,
    grain=0.008,
    sharpening=0.25,
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A room arranged by hand, and how it is photographed."""

    folder: str
    build: Callable[[], Scene]
    camera: Callable[[int, int], Camera]
    development: photo.Development


ROOMS: Final[Mapping[str, Sample]] = {
    "living_room": Sample(folder="sample_room", build=sample.build, camera=sample.camera, development=DEVELOPMENT),
    "bedroom": Sample(
        folder="sample_bedroom",
        build=sample_others.bedroom,
        camera=sample_others.bedroom_camera,
        development=replace(DEVELOPMENT, exposure=4.0),
    ),
    "kitchen": Sample(
        folder="sample_kitchen",
        build=sample_others.kitchen_room,
        camera=sample_others.kitchen_camera,
        development=replace(DEVELOPMENT, exposure=4.0),
    ),
}
"""By room type."""


def main() -> None:
    """Renders and writes."""
    arguments = argparse.ArgumentParser(prog="python -m research.roomnet.render_sample_room", description=__doc__)
    arguments.add_argument("--room", choices=ROOMS, default="living_room")
    arguments.add_argument("--width", type=int, default=1600)
    arguments.add_argument("--samples", type=int, default=64)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--out", type=Path)
    wanted = arguments.parse_args()
    chosen = ROOMS[wanted.room]
    scene = chosen.build()
    camera = chosen.camera(wanted.width, wanted.width * 3 // 4)
    quality = Quality(samples=wanted.samples, bounces=5, threads=wanted.threads, clamp=6.0, passes=6, strength=4.0)
    with Progress() as progress:
        task = progress.add_task("Rendering the sample room", total=wanted.samples)
        buffers = render(scene, camera, quality, seed=1, progress=lambda done: progress.advance(task, done))
    write(wanted.room, scene, buffers, wanted.out or FOLDER / chosen.folder)


def write(room: str, scene: Scene, buffers: Buffers, out: Path) -> None:
    """The photo and what is true of it."""
    out.mkdir(parents=True, exist_ok=True)
    picture = photo.develop(buffers.light, ROOMS[room].development, np.random.default_rng(1))
    _save(out / "photo.jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])
    best = [cv2.IMWRITE_PNG_COMPRESSION, 9]
    _save(out / "depth.png", truth.depth_millimetres(buffers.depth), best)
    _save(out / "labels.png", truth.labels(buffers.part, scene.parts), best)
    height, width = buffers.part.shape
    camera = ROOMS[room].camera(width, height)
    pixels_per_unit = camera.focal / 43.267 * float(np.hypot(width, height))
    facts = {
        "width": width,
        "height": height,
        "room_type": room,
        "camera": {
            "focal_mm_35mm_equivalent": camera.focal,
            "focal_pixels": round(pixels_per_unit, 2),
            "principal_point": [width / 2, height / 2],
            "height_m": camera.eye[2],
            "pitch_degrees": camera.pitch,
        },
        "objects": [
            {"label": seen.thing, "box": list(seen.box), "pixels": seen.pixels}
            for seen in truth.things(buffers.part, scene.parts)
        ],
    }
    (out / "room.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _save(path: Path, picture: np.ndarray, options: list[int]) -> None:
    if not cv2.imwrite(str(path), picture, options):
        raise OSError(f"{path} could not be written")


if __name__ == "__main__":
    main()
