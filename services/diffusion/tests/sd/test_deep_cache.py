"""A UNet in two parts is diffusers' own; that pictures are those of DeepCache's authors, test_denoising holds."""

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from torch import Tensor

from diffusion.sd.deep_cache import DeepCache, SplitUNet
from diffusion.sd.shortcuts import Shortcuts
from tests.fixtures import tiny_diffusion as tiny

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models


class Inputs:
    """What a UNet is given, the same for both ways; 9×7 latents halve to odd sizes."""

    def __init__(self, count: int = 2) -> None:
        torch.manual_seed(3)
        self.unet = tiny.unet().eval().requires_grad_(False)
        self.sample, self.timestep = torch.randn(count, 4, 9, 7), torch.tensor(400)
        self.text = torch.randn(count, 77, tiny.TEXT_WIDTH)
        net = tiny.controlnet().eval().requires_grad_(False)
        picture = torch.rand(count, 3, 72, 56)
        self.down, self.middle = net(self.sample, self.timestep, self.text, picture, return_dict=False)


@pytest.mark.parametrize("controlled", [False, True])
def test_the_two_parts_are_diffusers_forward_pass(controlled: bool) -> None:
    given = Inputs()
    down, middle = (given.down, given.middle) if controlled else ((), None)
    (expected,) = given.unet(
        given.sample,
        given.timestep,
        given.text,
        down_block_additional_residuals=down or None,
        mid_block_additional_residual=middle,
        return_dict=False,
    )
    prediction, _deep = SplitUNet(given.unet)(given.sample, given.timestep, given.text, down=down, middle=middle)
    assert torch.equal(prediction, expected)


def predicted(cache: DeepCache, given: Inputs, step: int, half: slice = slice(None)) -> Tensor:
    residuals = (list(given.down), given.middle) if cache.shortcuts.whole(step) else None
    return cache.predict(given.sample[half], given.timestep, given.text[half], residuals, None, step=step, window=0)


def test_a_step_that_reuses_gives_what_a_whole_one_gave_of_the_same_latents() -> None:
    given = Inputs()
    cache = DeepCache(unet=SplitUNet(given.unet), shortcuts=Shortcuts(deep_cache=2))
    whole = predicted(cache, given, 0)
    assert torch.equal(predicted(cache, given, 1), whole)
    given.sample = given.sample + 0.1
    assert not torch.allclose(predicted(cache, given, 1), predicted(cache, given, 2))


def test_where_guidance_has_ended_the_conditional_half_is_reused() -> None:
    given = Inputs()
    cache = DeepCache(unet=SplitUNet(given.unet), shortcuts=Shortcuts(deep_cache=2))
    whole = predicted(cache, given, 0)
    assert torch.allclose(predicted(cache, given, 1, half=slice(1, None)), whole[1:], atol=1e-6)
