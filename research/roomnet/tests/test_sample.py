"""The committed sample rooms are what `render_sample_room` renders, and their truth is true."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from research.roomnet import truth
from research.roomnet.labels import INDEX
from research.roomnet.render_sample_room import ROOMS
from research.roomnet.renderer.trace import Tracer

FOLDER = Path(__file__).parents[3] / "tests" / "data" / "sample_room"


def read(name: str, room: str = "living_room") -> np.ndarray:
    picture = cv2.imread(str(FOLDER.parent / ROOMS[room].folder / name), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


@pytest.mark.parametrize("room", ROOMS)
def test_labels_and_depth_are_those_of_the_scene(room: str) -> None:
    labels, depth = read("labels.png", room), read("depth.png", room)
    height, width = labels.shape
    step = 5  # the middle of a coarse pixel is the middle of a fine one where the step is odd
    scene = ROOMS[room].build()
    with Tracer(scene) as tracer:
        glance = tracer.glance(ROOMS[room].camera(width // step, height // step))
    coarse = labels[step // 2 :: step, step // 2 :: step]
    assert (coarse == truth.labels(glance.part, scene.parts)).mean() > 0.995
    away = np.abs(depth[step // 2 :: step, step // 2 :: step] / 1000 - glance.depth)
    assert np.quantile(away, 0.99) < 0.01


@pytest.mark.parametrize("room", ROOMS)
def test_the_photo_is_small_enough_and_well_exposed(room: str) -> None:
    photo = read("photo.jpg", room)
    assert photo.shape[:2] == read("labels.png", room).shape
    assert (FOLDER.parent / ROOMS[room].folder / "photo.jpg").stat().st_size <= 700_000
    assert 90 < photo.mean() < 170
    assert (photo.min(axis=2) >= 254).mean() < 0.06
    assert (photo.max(axis=2) <= 8).mean() < 0.02


def test_the_facts_name_what_is_seen() -> None:
    facts = json.loads((FOLDER / "room.json").read_text(encoding="utf-8"))
    labels = read("labels.png")
    assert facts["room_type"] == "living_room"
    found = {one["label"] for one in facts["objects"]}
    assert {"sofa", "armchair", "coffee_table", "rug", "window", "curtain", "lamp", "plant", "picture", "door"} <= found
    sofa = next(one for one in facts["objects"] if one["label"] == "sofa")
    left, top, right, bottom = sofa["box"]
    assert (labels[top:bottom, left:right] == INDEX["sofa"]).sum() == (labels == INDEX["sofa"]).sum()
