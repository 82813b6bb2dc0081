"""Real detections on real photos, checked against what the pictures show.

The weights are Ultralytics' YOLOv8n-seg, exported to 8-bit TensorFlow Lite for small devices (COCO's 80 classes, 320
pixels), through the same code that runs the mission's checkpoints.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the torch extra is not installed")

from detection.domain import Box
from detection.engine.torch_yolo import Yolo
from servicekit.inference.hardware import choose
from servicekit.types.objects import ObjectLabel

ROOMS = os.environ.get("MODOMO_ROOMS")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),  # the first test of a session loads torch
    pytest.mark.skipif(not ROOMS, reason="MODOMO_ROOMS names no real photos"),
    pytest.mark.skipif(
        importlib.util.find_spec("ai_edge_litert") is None, reason="ai-edge-litert, which runs the weights, is missing"
    ),
]


@pytest.fixture(scope="module")
def detector() -> Yolo:
    file = Path(ROOMS or "") / "weights" / "yolov8n_320_quant_pc_ii_seg_coco-st.tflite"
    return Yolo(file, choose("cpu"), side=320, min_confidence=0.3)


@pytest.mark.parametrize(
    ("photo", "shown"),
    [
        (
            "living_room_messy_roomgpt.jpg",
            [
                (ObjectLabel.SOFA, (0.56, 0.69, 0.99, 0.99)),
                (ObjectLabel.SOFA, (0.16, 0.45, 0.45, 0.69)),
                (ObjectLabel.CHAIR, (0.0, 0.46, 0.24, 0.78)),
            ],
        ),
        ("bedroom_houses_122.jpg", [(ObjectLabel.BED, (0.25, 0.42, 0.81, 0.98))]),
        (
            "bedroom_hotel_mlperf_04.jpg",
            [(ObjectLabel.BED, (0.13, 0.64, 1.0, 1.0)), (ObjectLabel.CHAIR, (0.18, 0.52, 0.38, 0.74))],
        ),
        (
            "bathroom_houses_257.jpg",
            [(ObjectLabel.TOILET, (0.39, 0.73, 0.68, 1.0)), (ObjectLabel.SINK, (0.67, 0.67, 1.0, 0.83))],
        ),
        (
            "living_two_armchairs_mlperf_05.jpg",
            [(ObjectLabel.CHAIR, (0.11, 0.24, 0.5, 0.86)), (ObjectLabel.CHAIR, (0.54, 0.24, 0.93, 0.86))],
        ),
    ],
)
def test_what_the_picture_shows_is_found_where_it_is(
    detector: Yolo, photo: str, shown: list[tuple[ObjectLabel, tuple[float, float, float, float]]]
) -> None:
    """`shown` is by eye: left, top, right and bottom as shares of the picture."""
    picture = np.asarray(Image.open(Path(ROOMS or "") / "photos" / photo).convert("RGB"))
    height, width = picture.shape[:2]
    found = detector.detect(picture)
    for label, (left, top, right, bottom) in shown:
        box = Box(left=left * width, top=top * height, right=right * width, bottom=bottom * height)
        assert any(one.label == label and overlap(one.box, box) > 0.6 for one in found), (label, found)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    shared = Box(left=left, top=top, right=max(left, right), bottom=max(top, bottom)).area
    return shared / (one.area + other.area - shared)
