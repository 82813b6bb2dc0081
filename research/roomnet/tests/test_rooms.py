"""Rooms by chance: the same seed, the same room; what is labelled is where it says."""

from dataclasses import fields

import numpy as np
import pytest

from research.roomnet import dataset, truth
from research.roomnet.labels import INDEX
from research.roomnet.renderer.trace import Quality, Tracer
from research.roomnet.rooms import random, viewpoint
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.camera import Camera

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)
STRUCTURE = [INDEX[label] for label in viewpoint.STRUCTURE]


def small_example(seed: int) -> dataset.Example:
    return dataset.example(seed, width=96, height=72, quality=ROUGH)


def room(room_type: str, seed: int) -> Plan:
    return random.room(np.random.default_rng(seed), room_type)


def camera_in(plan: Plan) -> Camera:
    with Tracer(plan.scene) as tracer:
        return viewpoint.choose(plan, 96, 72, tracer.glance, furniture=0.5, ceiling=0.05)


def test_the_same_seed_gives_the_same_example() -> None:
    one, two = small_example(11), small_example(11)
    for field in fields(dataset.Example):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def test_another_seed_gives_another_room() -> None:
    assert (small_example(11).labels != small_example(12).labels).mean() > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("room_type", random.ROOM_TYPES)
def test_every_type_of_room_can_be_photographed(room_type: str) -> None:
    plan = room(room_type, seed=5)
    camera = camera_in(plan)
    with Tracer(plan.scene) as tracer:
        buffers = tracer.render(camera, ROUGH, seed=1)
    assert np.isfinite(buffers.light).all()
    assert buffers.light.mean() > 1e-3
    assert (buffers.part >= 0).mean() > 0.97
    assert len(np.unique(buffers.part)) >= 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("room_type", "labels"),
    [
        ("bedroom", {"bed"}),
        ("kitchen", {"cabinet"}),
        ("bathroom", {"toilet", "sink", "bathtub", "shower"}),
        ("dining_room", {"table", "chair"}),
        ("office", {"desk"}),
        ("living_room", {"sofa"}),
    ],
)
def test_rooms_have_what_makes_them_what_they_are(room_type: str, labels: set[str]) -> None:
    having = [bool(labels & {part.label for part in room(room_type, seed).scene.parts}) for seed in range(12)]
    assert np.mean(having) >= 0.75


@pytest.mark.parametrize("seed", range(6))
def test_floor_and_ceiling_are_where_depth_says(seed: int) -> None:
    plan = room("living_room", seed=seed)
    camera = camera_in(plan)
    with Tracer(plan.scene) as tracer:
        glance = tracer.glance(camera)
    labels, height = truth.labels(glance.part, plan.scene.parts), heights(camera, glance.depth)
    floor = height[labels == INDEX["floor"]]
    assert np.abs(floor).max(initial=0.0) < 0.01
    rug = height[labels == INDEX["rug"]]
    assert np.abs(rug - 0.01).max(initial=0.0) < 0.02
    ceiling = height[labels == INDEX["ceiling"]]
    assert ceiling.min(initial=9.0) > (0.85 if plan.low_sides else plan.height - 0.25)
    standing = height[labels == INDEX["sofa"]]
    assert standing.max(initial=0.0) < 1.3


def heights(camera: Camera, depth: np.ndarray) -> np.ndarray:
    """Metres above the floor of what each pixel shows."""
    view = camera.packed()[0]
    x = 2 * (np.arange(camera.width) + 0.5) / camera.width - 1
    y = 1 - 2 * (np.arange(camera.height) + 0.5) / camera.height
    ray_z = view["forward"][2] + x[None, :] * view["right"][2] + y[:, None] * view["up"][2]
    return np.asarray(view["eye"][2] + depth * ray_z)


def test_boxes_enclose_their_things_tightly() -> None:
    example = small_example(21)
    assert example.objects
    for seen in example.objects:
        left, top, right, bottom = seen.box
        mask = example.surface == seen.part
        assert mask.sum() == seen.pixels
        assert mask[top:bottom, left:right].sum() == seen.pixels
        assert mask[top].any() and mask[bottom - 1].any() and mask[:, left].any() and mask[:, right - 1].any()


def test_normals_are_unit_and_face_the_camera() -> None:
    example = small_example(31)
    seen = example.surface < 65535
    length = np.linalg.norm(example.normal[seen].astype(float) / 127, axis=1)
    assert np.abs(length - 1).max() < 0.03


@pytest.mark.slow
def test_pictures_show_about_as_much_of_each_as_real_ones() -> None:
    examples = [small_example(seed) for seed in range(24)]
    furnished = [one for one in examples if one.room_type != "other"]
    furniture = np.mean([(~np.isin(one.labels, STRUCTURE)).mean() for one in furnished])
    ceiling = np.mean([(one.labels == INDEX["ceiling"]).mean() for one in examples])
    assert 0.38 < furniture < 0.68
    assert 0.02 < ceiling < 0.09
    brightness = np.array([one.image.mean() for one in examples])
    assert 70 < brightness.mean() < 185
    assert brightness.std() > 12
