"""What each ControlNet is shown."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import Maps
from diffusion.sd import tensors
from diffusion.sd.letterbox import letterbox
from diffusion.sd.options import Control
from servicekit.types import ade20k

pytestmark = pytest.mark.slow  # loads torch


def test_control_images_are_what_the_networks_were_trained_on() -> None:
    depth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    canny = np.zeros((64, 64), np.uint8)
    canny[:, 20] = 255
    labels = np.full((64, 64), ade20k.index("sofa"), np.uint8)
    labels[:8] = ade20k.UNKNOWN
    maps = Maps(depth=depth, canny=canny, segmentation=labels)
    shown = dict(tensors.control_images(maps, letterbox(64, 64, side=64)))
    assert list(shown) == [Control.DEPTH, Control.SEGMENTATION, Control.CANNY]
    assert np.array_equal(shown[Control.DEPTH], np.repeat(depth[..., None], 3, axis=2))
    assert tuple(shown[Control.SEGMENTATION][40, 0]) == (0x0B, 0x66, 0xFF)
    assert not shown[Control.SEGMENTATION][:8].any()
    small = dict(tensors.control_images(maps, letterbox(64, 64, side=32)))[Control.CANNY]
    assert set(np.unique(small)) == {0, 255}
    assert (small[..., 0] == 255).any(axis=1).all()


def test_the_inpainting_network_sees_minus_one_where_it_is_to_paint() -> None:
    picture = torch.rand(1, 3, 16, 16)
    keep = torch.zeros(1, 1, 16, 16)
    keep[..., :8, :] = 1
    shown = tensors.masked(picture, keep)
    assert torch.equal(shown[:, :, :8], picture[:, :, :8])
    assert (shown[:, :, 8:] == -1).all()
