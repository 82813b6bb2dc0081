"""Depth that agrees with what stands where."""

import numpy as np
import pytest
from numpy.typing import NDArray

from roomnet import depth, planes
from roomnet.horizon import Horizon
from roomnet.vocabulary import Surface

LEVEL = Horizon(row=0.5, column=0.5, certainty=1.0)
HEIGHT, WIDTH = 96, 128
ROWS = (((np.arange(HEIGHT) + 0.5) / HEIGHT)[:, None]).astype(np.float32)


def room() -> NDArray[np.uint8]:
    """Ceiling, a wall that meets the floor in row 60, and a box on the floor with its foot in row 80."""
    surfaces = np.full((HEIGHT, WIDTH), Surface.WALL, dtype=np.uint8)
    surfaces[:20] = Surface.CEILING
    surfaces[60:] = Surface.FLOOR
    surfaces[40:80, 50:80] = Surface.OBJECT
    return surfaces


def seen(*, tilt: float = 0.0) -> NDArray[np.float32]:
    """What a network might say of it: floor and wall right, but the box as far as the wall; nearer rightwards."""
    floor = np.where(ROWS > 60 / HEIGHT, ROWS, 60 / HEIGHT)
    return np.asarray(10 * floor + tilt * np.linspace(0, 1, WIDTH)[None], dtype=np.float32)


def sure(value: float) -> NDArray[np.float32]:
    return np.full((HEIGHT, WIDTH), value, dtype=np.float32)


def test_floor_becomes_a_plane_that_is_level_sideways() -> None:
    found = depth.fitted(seen(tilt=3.0), room(), sure(1.0), LEVEL)
    floor = found[80:]
    assert np.ptp(floor, axis=1).max() < 1e-3 * np.ptp(found)
    assert (np.diff(floor[:, 0]) > 0).all()


def test_walls_go_with_the_floor_that_they_stand_on() -> None:
    """The wall meets the floor in one row, so it is equally far all along, whatever the network said."""
    found = depth.fitted(seen(tilt=3.0), room(), sure(1.0), LEVEL)
    untouched = np.ptp(depth.unit(seen(tilt=3.0))[30])
    assert np.ptp(found[30]) < 0.3 * untouched


def test_things_come_towards_their_feet_as_far_as_they_are_said_to() -> None:
    ramp = np.repeat(ROWS, WIDTH, axis=1).astype(np.float32)
    assert planes.with_contact_depth(ramp, room(), share=1.0)[60, 65] == pytest.approx(80.5 / HEIGHT, abs=0.02)
    half = planes.with_contact_depth(ramp, room(), share=0.5)[60, 65]
    assert half == pytest.approx((60.5 + 80.5) / 2 / HEIGHT, abs=0.02)
    assert planes.with_contact_depth(ramp, room(), share=1.0)[30, 10] == ramp[30, 10]


def test_what_hardly_touches_the_floor_is_left_where_it_was() -> None:
    surfaces = room()
    surfaces[45:80, 50:80] = Surface.WALL
    surfaces[45:80, 50:53] = Surface.OBJECT  # a thing on one thin leg
    ramp = np.repeat(ROWS, WIDTH, axis=1).astype(np.float32)
    assert (planes.with_contact_depth(ramp, surfaces, share=1.0) == ramp).all()


def test_where_the_network_is_unsure_the_planes_tell() -> None:
    nonsense = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    found = depth.fitted(nonsense, room(), sure(0.0), LEVEL)
    assert found == pytest.approx(depth.unit(planes.inverse_depth(room(), LEVEL)), abs=1e-5)
    assert found[90, 10] > found[70, 10] > found[50, 10]
    assert found[60, 65] > found[50, 10]


@pytest.mark.parametrize("surface", Surface)
def test_one_surface_everywhere_is_no_difficulty(surface: Surface) -> None:
    everywhere = np.full((HEIGHT, WIDTH), surface, dtype=np.uint8)
    found = depth.positive(depth.fitted(seen(), everywhere, sure(0.5), LEVEL))
    assert np.isfinite(found).all()
    assert found.min() == pytest.approx(depth.FARTHEST)


def test_without_floor_a_sure_network_is_believed() -> None:
    walls = np.full((HEIGHT, WIDTH), Surface.WALL, dtype=np.uint8)
    assert depth.fitted(seen(), walls, sure(1.0), LEVEL) == pytest.approx(depth.unit(seen()), abs=1e-5)
