"""The room as a box, found again from labels that were drawn of one."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from diffusion.lite import box, camera, walls
from diffusion.lite.camera import Camera
from diffusion.lite.canvas import Canvas
from diffusion.lite.labels import Label, Layout
from diffusion.lite.morphology import Bits
from diffusion.lite.parameters import CAMERA
from diffusion.styles import Finish, Pattern
from servicekit.imaging.arrays import floats

SHAPE = (480, 640)
VIEW = Camera(focal=400.0, horizon=200.0, centre=(320.0, 240.0), turn=0.5, certainty=1.0)
ROOM = box.Box(front=4.0, left=3.0, right=None)


def drawn(room: box.Box, view: Camera, height: float = 2.6) -> Bits:
    """H×W labels of an empty room of that height."""
    rows, columns = np.divmod(np.arange(SHAPE[0] * SHAPE[1]), SHAPE[1])
    down = room.seen(view, floats(columns + 0.5), floats(rows + 0.5)).down.reshape(SHAPE)
    labels = np.full(SHAPE, Label.WALL, dtype=np.uint8)
    labels[down > CAMERA.eye_height] = Label.FLOOR
    labels[down < CAMERA.eye_height - height] = Label.CEILING
    return labels


def layout(labels: Bits) -> Layout:
    return Layout(labels=labels, confidence=np.ones(SHAPE, dtype=np.float32))


def test_walls_are_found_where_they_stand() -> None:
    found = box.find(layout(drawn(ROOM, VIEW)), VIEW)
    assert found is not None
    assert found.front == pytest.approx(4.0, rel=0.05)
    assert found.left == pytest.approx(3.0, rel=0.05)
    assert found.right is None
    assert found.witnessed[:2] == pytest.approx((1.0, 1.0))


def test_a_hidden_foot_bears_no_witness() -> None:
    labels = drawn(ROOM, VIEW)
    corner = 320
    labels[300:, corner:] = Label.OTHER
    found = box.find(layout(labels), VIEW)
    assert found is not None
    shown = found.witnessed
    whole = box.find(layout(drawn(ROOM, VIEW)), VIEW)
    assert whole is not None
    assert min(shown[:2]) < 0.5 < min(whole.witnessed[:2])


@pytest.mark.parametrize("height", [1.0, 1.45, 1.7])
def test_walls_from_ceiling_to_floor_tell_how_high_the_camera_was_held(height: float) -> None:
    """And with it the scale of the room: whatever stands 2.6 metres high is as far as it is."""
    view = replace(VIEW, height=height)
    rows, columns = np.divmod(np.arange(SHAPE[0] * SHAPE[1]), SHAPE[1])
    down = ROOM.seen(view, floats(columns + 0.5), floats(rows + 0.5)).down.reshape(SHAPE)
    labels = np.full(SHAPE, Label.WALL, dtype=np.uint8)
    labels[down > height] = Label.FLOOR
    labels[down < height - CAMERA.room_height] = Label.CEILING
    assert camera._height(labels, view.horizon) == pytest.approx(height, abs=0.06)
    found = box.find(layout(labels), view)
    assert found is not None
    assert found.front == pytest.approx(4.0, rel=0.05)


def test_a_wainscot_ends_at_one_height_all_around() -> None:
    finish = Finish(name="dado", pattern=Pattern.WAINSCOT, color="#FFFFFF", second="#000000", size=0.95)
    scene = SimpleNamespace(light=np.zeros((*SHAPE, 3), dtype=np.float32), camera=VIEW)
    choice = SimpleNamespace(trim=Finish(name="trim", pattern=Pattern.PLAIN, color="#FF0000"))
    index = np.flatnonzero(drawn(ROOM, VIEW) == Label.WALL)
    albedo = walls._wainscot(cast(Canvas, SimpleNamespace(scene=scene, choice=choice)), finish, ROOM, index)
    rows, columns = np.divmod(index, SHAPE[1])
    up = CAMERA.eye_height - ROOM.seen(VIEW, floats(columns + 0.5), floats(rows + 0.5)).down
    assert (albedo[up < 0.93] == 0).all()
    assert (albedo[up > 1.02] == 1).all()
    rail = albedo[np.abs(up - 0.975) < 0.01]
    assert len(rail)
    assert (rail == [1, 0, 0]).all()


@pytest.mark.parametrize("horizon", [170.0, 230.0])
def test_walls_from_ceiling_to_floor_tell_the_horizon(horizon: float) -> None:
    labels = drawn(ROOM, replace(VIEW, horizon=horizon))
    grey = np.full(SHAPE, 128, dtype=np.uint8)  # no line tells anything
    assert camera.find(grey, layout(labels)).horizon == pytest.approx(horizon, abs=12)
