"""What rooms were given because photos showed what they lacked: it is where it should be, labelled as what it is."""

from dataclasses import replace

import numpy as np
import pytest

from research.roomnet import truth
from research.roomnet.furniture import bathroom, finishes
from research.roomnet.labels import INDEX
from research.roomnet.renderer.trace import Quality, render
from research.roomnet.rooms import building, daylight, living, processing, random, surfaces, viewpoint
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.light import Sky
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part, Scene
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import openings, relief, walls
from research.roomnet.shell.walls import Opening

GREY = Material(colour=(0.5, 0.5, 0.5), specular=0.0, detail=(0.0, 0.0))
ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)
SIDE = walls.four_sides(4.0, 3.0, 2.5)["back"]
AHEAD = Camera(eye=(2.0, 0.5, 1.2), heading=0, pitch=0, focal=24, width=96, height=72)


def shop(seed: int = 1) -> Workshop:
    return Workshop(rng=np.random.default_rng(seed), fine=False)


def seen(*bodies: Body, camera: Camera = AHEAD, sky: Sky | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, depth and light of a scene."""
    speck = Body(part=Part(label="box")).add(GREY, rectangle((0, -9, 0), (0.01, 0, 0), (0, 0.01, 0)))  # behind the eye
    scene = Scene(bodies=[*bodies, speck], sky=sky or Sky())
    buffers = render(scene, camera, ROUGH, seed=1)
    return truth.labels(buffers.part, scene.parts), buffers.depth, buffers.light


def points(body: Body) -> np.ndarray:
    return np.concatenate([mesh.positions for mesh, _ in body.pieces])


def furnished(room_type: str, seed: int) -> Plan:
    return random.room(np.random.default_rng(seed), room_type)


@pytest.mark.parametrize("close", [0, 1, 2, 3])
def test_what_stands_outside_is_no_even_plane_and_does_not_change_the_light(close: int) -> None:
    sky = Sky(seed=5, close=close, skyline=0.3)
    _labels, _depth, view = seen(sky=sky)
    assert view.std() > 0.1 * view.mean()
    floor = Body(part=Part(label="floor")).add(GREY, rectangle((0, 0, 0), (4, 0, 0), (0, 3, 0)))
    hole = Opening(left=1.0, right=3.0, bottom=0.5, top=2.0)
    lit = []
    for one in (sky, replace(sky, close=0)):
        scene = Scene(bodies=[floor], lights=[openings.portal(SIDE, hole)], sky=one)
        down = Camera(eye=(2, 1, 2.0), heading=0, pitch=-90, focal=200, width=12, height=8)
        lit.append(render(scene, down, Quality(samples=64, bounces=0, passes=0), seed=1).light.mean())
    assert lit[0] == pytest.approx(lit[1], rel=1e-4)


def test_things_outside_differ_from_each_other() -> None:
    views = [seen(sky=Sky(seed=5, close=close))[2] for close in range(4)]
    for one in range(4):
        for other in range(one):
            assert np.abs(views[one] - views[other]).mean() > 0.05


def test_views_are_burnt_out_or_exposed_for_themselves_while_the_room_is_as_bright_as_ever() -> None:
    skies = [daylight.sky(shop(seed)) for seed in range(60)]
    glares = np.array([sky.glare for sky in skies])
    assert {sky.close for sky in skies} == {0, 1, 2, 3}
    assert (glares > 1.3).any() and (glares < 0.3).any() and (glares == 1).any()
    for seed in range(12):
        plan = building.build(shop(seed), "living_room")
        portals = [light for light in plan.scene.lights if light.edge_u != (0.0, 0.0, 0.0) and light.radiance[0] > 0]
        if any(plan.windows.values()):
            assert any(light.radiance[0] == pytest.approx(1 / plan.scene.sky.glare) for light in portals)


def test_french_doors_are_doors_with_panes_and_bars() -> None:
    hole = Opening(left=1.0, right=3.0, bottom=0.02, top=2.1)
    wall = walls.wall(SIDE, GREY, openings=[hole])
    doors = openings.glazed_doors(shop(), SIDE, hole, GREY, GREY, bars=(1, 3), solid=0.6)
    labels, _, light = seen(wall, doors, sky=Sky(zenith=(50, 50, 50), horizon=(50, 50, 50), haze=(50, 50, 50)))
    door = labels == INDEX["door"]
    assert door.mean() > 0.3
    bright = light.mean(axis=2) > 0.3
    assert 0.3 < bright[door].mean() < 0.95  # panes are seen through, bars and panels are not
    below = points(doors)[:, 2]
    assert below.min() >= 0 and below.max() <= 2.1 + 1e-6


def test_a_recess_is_wall_behind_the_wall_and_a_pilaster_wall_before_it() -> None:
    hole = Opening(left=1.5, right=2.5, bottom=0.6, top=1.8)
    wall = walls.wall(SIDE, GREY, openings=[hole])
    labels, depth, _ = seen(wall, relief.back(SIDE, hole, GREY))
    assert (labels[20:50] == INDEX["wall"]).all()
    assert depth[36, 48] == pytest.approx(2.5 + relief.RECESS, abs=0.01)
    pillar = relief.pilaster(shop(), SIDE, GREY, along=2.0, width=0.4, out=0.3, capital=0.03)
    _, depth, _ = seen(walls.wall(SIDE, GREY), pillar)
    assert depth[36, 48] == pytest.approx(2.2, abs=0.01)
    assert points(pillar)[:, 2].max() == pytest.approx(2.5)
    shelves = relief.boards(shop(), SIDE, hole, GREY, count=2)
    assert shelves.part.label == "shelf"
    x, y, z = points(shelves).T
    assert x.min() >= 1.5 - 1e-6 and x.max() <= 2.5 + 1e-6 and y.min() >= 3.0 and z.min() > 0.6 and z.max() < 1.8


def test_boxings_and_downstands_hang_under_the_ceiling() -> None:
    boxing = relief.boxing(shop(), SIDE, GREY, out=0.4, drop=0.3)
    beam = relief.downstand(shop(), GREY, width=4.0, y=1.5, height=2.5, deep=0.2)
    assert (boxing.part.label, beam.part.label) == ("wall", "ceiling")
    for body, low in ((boxing, 2.2), (beam, 2.3)):
        z = points(body)[:, 2]
        assert (z.min(), z.max()) == (pytest.approx(low, abs=1e-3), pytest.approx(2.5, abs=1e-3))


def test_a_standing_tub_is_hollow() -> None:
    tub = bathroom.standing_tub(shop(), finishes.PORCELAIN, length=1.6, width=0.75)
    above = Camera(eye=(0, 0, 2.0), heading=0, pitch=-90, focal=30, width=60, height=40)
    labels, depth, _ = seen(tub, camera=above)
    assert labels[20, 30] == INDEX["bathtub"]
    assert 2.0 - depth[20, 30] == pytest.approx(0.15, abs=0.03)
    assert 2.0 - depth[labels == INDEX["bathtub"]].min() > 0.58


def test_a_bleached_room_is_white_all_over() -> None:
    tastes = [surfaces.choose(shop(seed), "living_room") for seed in range(120)]
    pale = [
        min(min(one.colour) for one in (taste.wall, taste.trim, taste.door, taste.cloth, taste.other_wood)) > 0.5
        for taste in tastes
    ]
    assert 0.02 < np.mean(pale) < 0.25


def test_some_pictures_are_taken_in_too_little_light() -> None:
    light = np.full((8, 8, 3), 0.4, np.float32)
    made = [processing.by_chance(light, np.random.default_rng(seed)) for seed in range(300)]
    dim = [how.exposure * 0.4 < 0.26 * 2**-1.0 and how.grain > 0.012 for how in made]
    assert 0.02 < np.mean(dim) < 0.2


def test_counters_are_looked_at_from_close_by() -> None:
    plan = next(plan for plan in (furnished("kitchen", seed) for seed in range(20)) if plan.counters)
    for _ in range(20):
        x, y, tall = viewpoint._behind_a_counter(plan)
        assert 0 < x < plan.width and 0 < y < plan.depth and 1.1 < tall < 1.7
        assert any(
            left - 0.2 <= x <= right + 0.2 and front - 0.2 <= y <= back + 0.2
            for left, front, right, back in plan.counters
        )


@pytest.mark.slow
def test_soft_rooms_have_no_straight_fronts() -> None:
    straight = {"cabinet", "chest of drawers", "wardrobe", "bookcase", "shelf", "desk"}
    for seed in range(6):
        made = shop(seed)
        plan = building.build(made, "living_room")
        before = {id(body) for body in plan.scene.bodies}
        living.furnish_softly(plan)
        labels = {body.part.label for body in plan.scene.bodies if id(body) not in before}
        assert not labels & straight
        assert labels & {"armchair", "chair", "ottoman", "coffee table", "sofa", "rug"}


@pytest.mark.slow
def test_rooms_get_what_was_lacking_now_and_then() -> None:
    plans = [furnished(kind, seed) for seed in range(12) for kind in ("living_room", "kitchen", "bathroom")]
    labels = [{part.label for part in plan.scene.parts} for plan in plans]
    for wanted, least in (("ottoman", 2), ("refrigerator", 6), ("bathtub", 3), ("coffee table", 4)):
        assert sum(wanted in one for one in labels) >= least, wanted
