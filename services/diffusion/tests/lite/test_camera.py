"""The camera found from straight lines, and where it sees the floor."""

from dataclasses import replace
from math import atan2, cos, radians, sin

import cv2
import numpy as np
import pytest

from diffusion.lite import camera
from diffusion.lite.labels import Label, Layout
from diffusion.lite.parameters import CAMERA
from servicekit.imaging.arrays import floats


def test_camera_finds_the_horizon_and_the_rooms_direction() -> None:
    true = camera.Camera(focal=480.0, horizon=210.0, centre=(320.0, 240.0), turn=radians(18), certainty=1.0)
    photo = np.full((480, 640), 200, dtype=np.uint8)
    for offset in np.arange(-4.0, 4.0, 0.5):
        for start, end in (((offset, 2.0), (offset, 9.0)), ((-3.0, offset + 6.5), (3.0, offset + 6.5))):
            cv2.line(photo, _pixel(true, *start), _pixel(true, *end), (60,), 2, cv2.LINE_AA)
    labels = np.zeros(photo.shape, dtype=np.uint8)
    labels[260:] = Label.FLOOR
    found = camera.find(photo, Layout(labels=labels, confidence=np.ones(photo.shape, dtype=np.float32)))
    assert found.certainty > CAMERA.least_certainty
    assert found.horizon == pytest.approx(true.horizon, abs=30)
    turns = np.degrees(found.turn - true.turn) % 90
    assert min(turns, 90 - turns) < 8


def _pixel(view: camera.Camera, over: float, along: float) -> tuple[int, int]:
    """Where a floor point is seen: the inverse of Camera.floor, worked out on its own."""
    pitch = atan2(view.centre[1] - view.horizon, view.focal)
    right = over * cos(view.turn) + along * sin(view.turn)
    ahead = along * cos(view.turn) - over * sin(view.turn)
    down = CAMERA.eye_height * cos(pitch) - ahead * sin(pitch)
    depth = CAMERA.eye_height * sin(pitch) + ahead * cos(pitch)
    return round(view.centre[0] + view.focal * right / depth), round(view.centre[1] + view.focal * down / depth)


def test_floor_points_are_where_they_are_seen() -> None:
    view = camera.Camera(focal=500.0, horizon=180.0, centre=(320.0, 240.0), turn=0.3, certainty=1.0)
    for point in ((0.0, 3.0), (-1.2, 2.5), (2.0, 6.0)):
        column, row = _pixel(view, *point)
        over, along = view.floor(floats([column]), floats([row]))
        assert (over[0], along[0]) == pytest.approx(point, rel=0.03, abs=0.03)


def test_floor_points_turn_with_the_room() -> None:
    straight = camera.Camera(focal=500.0, horizon=200.0, centre=(320.0, 240.0), turn=0.0, certainty=1.0)
    turned = replace(straight, turn=0.3)
    pixel = floats([400.0]), floats([420.0])
    over, along = straight.floor(*pixel)
    assert turned.floor(*pixel)[0] == pytest.approx(over * cos(0.3) - along * sin(0.3), abs=1e-4)
    assert float(straight.floor(floats([320.0]), floats([1e6]))[1][0]) < 1.0, "straight down lies at one's feet"
