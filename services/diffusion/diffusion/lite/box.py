"""The room as a box: where its walls stand, from where they meet the floor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diffusion.lite.camera import Camera
from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import BOX, CAMERA
from servicekit.imaging.arrays import Floats, floats
from servicekit.imaging.resizing import reduced


@dataclass(frozen=True, kw_only=True)
class Box:
    """Upright walls along the room's directions; metres from the camera, None for a wall that is not seen."""

    front: float | None
    left: float | None
    right: float | None

    witnessed: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Share of the columns in which each of the three is seen that have its foot in sight or close by."""

    def seen(self, camera: Camera, columns: Floats, rows: Floats) -> "Seen":
        """The nearest wall behind each of N pixels."""
        over, along, down = camera.rays(columns, rows)
        reaches = np.full((3, len(columns)), BOX.far / camera.focal, dtype=np.float32)
        for number, (wall, toward) in enumerate(((self.front, along), (self.left, -over), (self.right, over))):
            if wall is not None:
                reaches[number] = np.where(toward > 1e-3, wall / np.maximum(toward, 1e-3), reaches[number])
        number = reaches.argmin(axis=0)
        reach = reaches.min(axis=0)
        place = reach * np.where(number == 0, over, along)
        slant = (
            reach
            * np.hypot(over, along)
            / np.choose(number, [wall or BOX.far for wall in (self.front, self.left, self.right)])
        )
        return Seen(
            wall=number,
            over=floats(place),
            down=floats(reach * down),
            grain=floats(reach),
            slant=floats(slant),
        )


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Where N pixels look on the walls of a box."""

    wall: NDArray[np.intp]
    """0 front, 1 left, 2 right."""
    over: Floats
    """Metres along the wall."""
    down: Floats
    """Metres below the camera's height."""
    grain: Floats
    """Metres of wall that a pixel covers, where it is seen straight."""
    slant: Floats
    """How many times that it covers along the wall."""


def find(layout: Layout, camera: Camera) -> Box | None:
    """The box, where camera and borders are sure enough to draw bricks by it."""
    if camera.certainty < CAMERA.least_certainty:
        return None
    columns, rows = _foot(reduced(layout.labels, BOX.side, nearest=True))
    scale = layout.labels.shape[1] / reduced(layout.labels, BOX.side, nearest=True).shape[1]
    below = rows * scale > camera.horizon + 0.02 * layout.labels.shape[0]
    columns, rows = columns[below], rows[below]
    if len(columns) < BOX.least_points:
        return None
    over, along = camera.floor(floats((columns + 0.5) * scale), floats(rows * scale))
    facing = np.abs(_slope(over)) >= np.abs(_slope(along))
    front = _distance(along[facing & (along > 0)])
    left = _distance(-over[~facing & (over < 0)])
    right = _distance(over[~facing & (over > 0)])
    explained = np.zeros((3, len(over)), dtype=bool)
    for number, (wall, distance) in enumerate(((front, along), (left, -over), (right, over))):
        if wall is not None:
            explained[number] = np.abs(distance - wall) < BOX.near * wall
    room = Box(front=front, left=left, right=right)
    if explained.any(axis=0).mean() < BOX.least_support or _farthest(room, layout, camera) > BOX.deepest:
        return None
    feet = [columns[explained[number]] * scale for number in range(3)]
    return replace(room, witnessed=_witnessed(room, layout, camera, feet))


def _foot(labels: Bits) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Columns in which a wall stands right on the floor, and the row where it does."""
    meets = (labels[1:] == Label.FLOOR) & (labels[:-1] == Label.WALL)
    columns = np.flatnonzero(meets.any(axis=0))
    return columns, np.argmax(meets[:, columns], axis=0) + 1


def _farthest(room: Box, layout: Layout, camera: Camera) -> float:
    """Metres to the farthest wall that is seen anywhere, at the height of the camera."""
    columns = np.flatnonzero(layout.mask(Label.WALL).any(axis=0))[::8]
    seen = room.seen(camera, floats(columns + 0.5), np.full(len(columns), camera.horizon, dtype=np.float32))
    return float(seen.grain.max(initial=0.0)) * camera.focal


def _witnessed(
    room: Box, layout: Layout, camera: Camera, feet: Sequence[NDArray[np.floating]]
) -> tuple[float, float, float]:
    width = layout.labels.shape[1]
    columns = np.flatnonzero(layout.mask(Label.WALL).any(axis=0))[::4]
    wall = room.seen(camera, floats(columns + 0.5), np.full(len(columns), camera.horizon, dtype=np.float32)).wall
    shares = []
    for number in range(3):
        own = columns[wall == number]
        if not len(own) or not len(feet[number]):
            shares.append(0.0)
            continue
        gap = np.abs(own[:, None] - feet[number][None]).min(axis=1)
        shares.append(float((gap < BOX.close_by * width).mean()))
    return shares[0], shares[1], shares[2]


def _slope(values: Floats) -> Floats:
    """Change over eight neighbours, smoother than from one to the next."""
    padded = np.pad(values, 4, mode="edge")
    return floats(padded[8:] - padded[:-8])


def _distance(values: Floats) -> float | None:
    return float(np.median(values)) if len(values) >= BOX.least_points else None
