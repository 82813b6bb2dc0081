"""Large latents seen through windows."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from diffusion.sd import schedulers
from diffusion.sd.denoising import Denoising, denoise
from diffusion.sd.latents import InitialLatents
from diffusion.sd.schedulers import Sampler
from diffusion.sd.text import Embeddings
from diffusion.sd.windows import OVERLAP, windows
from servicekit.inference import hardware

HOST = hardware.choose("cpu")
BETAS: Any = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@given(st.integers(8, 256), st.integers(8, 256), st.integers(16, 128))
def test_windows_cover_everything_and_overlap(height: int, width: int, side: int) -> None:
    seen = torch.zeros(height, width)
    found = windows(height, width, side=side)
    for window in found:
        assert max(window.height, window.width) <= side
        assert window.of(seen).shape == (window.height, window.width)
        window.of(seen).add_(1)
    assert seen.min() >= 1
    lefts = sorted({window.left for window in found})
    assert all(later - earlier <= side * (1 - OVERLAP) + 1 for earlier, later in pairwise(lefts))


@dataclass
class Pointwise:
    """A network that predicts each latent from itself: what it predicts does not depend on the window."""

    dtype = torch.float32
    largest: int = 0

    def __call__(self, batch: Tensor, _timestep: Tensor, **_others: object) -> tuple[Tensor]:
        self.largest = max(self.largest, *batch.shape[-2:])
        return (batch.tanh(),)


def test_what_does_not_look_around_is_the_same_through_windows() -> None:
    start = torch.randn(1, 4, 40, 56, generator=torch.Generator().manual_seed(0))
    text = Embeddings(positive=torch.zeros(1, 77, 8), negative=torch.zeros(1, 77, 8), truncated=False)
    pictures = []
    for side in (64, 24):
        scheduler = schedulers.build(Sampler.DPMPP_2M, BETAS)
        unet: Any = Pointwise()
        run = Denoising(
            unet=unet,
            scheduler=scheduler,
            timesteps=schedulers.schedule(scheduler, 6, 0.5, HOST.device),
            start=InitialLatents(latents=start),
            text=text,
            guidance=3.0,
            windows=windows(40, 56, side=side),
        )
        *_, last = denoise(run, HOST)
        assert unet.largest <= side
        pictures.append(last.latents)
    assert (pictures[0] - pictures[1]).abs().max() < 1e-5
