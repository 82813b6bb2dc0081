"""What each ControlNet is shown."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import Maps
from diffusion.sd import recipes, tensors
from diffusion.sd.letterbox import letterbox
from diffusion.sd.options import Control, Structure
from servicekit.types import ade20k
from tools.gpu.requests import restyling

EDGES = recipes.STRUCTURES[Structure.EDGES]

pytestmark = pytest.mark.slow  # loads torch


def test_control_images_are_what_the_networks_were_trained_on() -> None:
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[:, 20:] = 200
    depth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    labels = np.full((64, 64), ade20k.index("sofa"), np.uint8)
    labels[:8] = ade20k.UNKNOWN
    request = restyling(photo=photo, maps=Maps(depth=depth, segmentation=labels))
    shown = dict(tensors.control_images(EDGES, request, photo, letterbox(64, 64, side=64), None))
    assert list(shown) == [Control.DEPTH, Control.SEGMENTATION, Control.CANNY]
    assert np.array_equal(shown[Control.DEPTH], np.repeat(depth[..., None], 3, axis=2))
    assert tuple(shown[Control.SEGMENTATION][40, 0]) == (0x0B, 0x66, 0xFF)
    assert not shown[Control.SEGMENTATION][:8].any()
    assert set(np.unique(shown[Control.CANNY])) == {0, 255}
    assert (shown[Control.CANNY][..., 0] == 255).any(axis=1).all()


def test_edges_are_drawn_at_the_size_that_the_unet_works_at() -> None:
    """An edge is one pixel wide there, however large the photo is."""
    photo = np.zeros((256, 256, 3), np.uint8)
    photo[:, 100:] = 200
    for side in (64, 128, 256):
        fitting = letterbox(256, 256, side=side)
        shown = dict(tensors.control_images(EDGES, restyling(photo=photo, maps=Maps()), photo, fitting, None))
        assert (shown[Control.CANNY][..., 0] == 255).sum(axis=1).max() == 1


def test_controls_that_say_nothing_are_left_out() -> None:
    grey = np.full((64, 64, 3), 90, np.uint8)
    request = restyling(photo=grey, maps=Maps(depth=np.zeros((64, 64), np.uint8)))
    everything = {**EDGES, **recipes.STRUCTURES[Structure.LINES]}
    assert dict(tensors.control_images(everything, request, grey, letterbox(64, 64, side=64), None)) == {}


def test_the_second_pass_is_shown_its_own_start() -> None:
    start = restyling().photo
    request = replace(restyling(), photo=255 - start)
    shown = dict(tensors.control_images(recipes.FINISH, request, start, letterbox(64, 64, side=64), None))
    assert np.array_equal(shown[Control.TILE], start)


def test_the_inpainting_network_sees_minus_one_where_it_is_to_paint() -> None:
    picture = torch.rand(1, 3, 16, 16)
    keep = torch.zeros(1, 1, 16, 16)
    keep[..., :8, :] = 1
    shown = tensors.masked(picture, keep)
    assert torch.equal(shown[:, :, :8], picture[:, :, :8])
    assert (shown[:, :, 8:] == -1).all()
