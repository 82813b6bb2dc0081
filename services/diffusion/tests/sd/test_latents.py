"""Which latents may change."""

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.sd.latents import repaint_mask

pytestmark = pytest.mark.slow  # loads torch


def test_a_latent_is_repainted_where_any_of_its_pixels_is() -> None:
    keep = torch.ones(1, 1, 16, 24)
    keep[0, 0, 3, 10] = 0
    assert repaint_mask(keep).tolist() == [[[[0, 1, 0], [0, 0, 0]]]]
