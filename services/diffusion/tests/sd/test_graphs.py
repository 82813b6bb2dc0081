"""Graphs and the compiler change when a model's kernels are launched, and not what comes out."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from diffusion.sd.graphs import GRAPHS, GraphedForward, use_compiler, use_graphs
from tests.fixtures import tiny_diffusion as tiny

pytestmark = pytest.mark.slow  # loads torch


class HostCapture:
    """What a CUDA graph does to memory, on the host: a replay reads the inputs' and overwrites the outputs' tensors."""

    def __init__(self) -> None:
        self.captures = 0

    def __call__(self, run: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        self.captures += 1
        outputs = run()
        held = tensors(outputs)
        for tensor in held:
            tensor.zero_()  # nothing of a capture is an answer: it was recorded, not run

        def replay() -> None:
            for tensor, new in zip(held, tensors(run()), strict=True):
                tensor.copy_(new)

        return replay, outputs


def tensors(outputs: object) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(outputs) if isinstance(leaf, Tensor)]


def tripled(sample: Tensor, *, added: dict[str, list[Tensor]] | None = None, scale: float = 3.0) -> tuple[Tensor, None]:
    more = added["tensors"][0] if added else 0.0
    return sample * scale + more, None


def latents(value: float, height: int = 8, width: int = 8) -> Tensor:
    return torch.full((1, 4, height, width), value)


def test_every_shape_and_every_other_argument_has_a_graph_of_its_own() -> None:
    capture = HostCapture()
    forward = GraphedForward(tripled, capture, bucket=8)
    for value in (1.0, 2.0):
        assert forward(latents(value))[0].unique().item() == 3 * value
        assert forward(latents(value, width=16))[0].shape == (1, 4, 8, 16)
        assert forward(latents(value), scale=2.0)[0].unique().item() == 2 * value
        assert forward(latents(value), added={"tensors": [latents(value)]})[0].unique().item() == 4 * value
    assert capture.captures == 4


def test_an_answer_stays_what_it_was_when_the_graph_runs_again() -> None:
    forward = GraphedForward(tripled, HostCapture(), bucket=8)
    first, _none = forward(latents(1.0))
    forward(latents(2.0))
    assert first.unique().item() == 3.0


def test_sizes_off_the_buckets_run_without_a_graph() -> None:
    capture = HostCapture()
    forward = GraphedForward(tripled, capture, bucket=8)
    assert forward(latents(1.0, height=9))[0].unique().item() == 3.0
    assert capture.captures == 0


def test_the_graph_used_longest_ago_gives_way() -> None:
    capture = HostCapture()
    forward = GraphedForward(tripled, capture, bucket=1)
    for width in range(1, GRAPHS + 1):
        forward(latents(1.0, width=width))
    forward(latents(1.0, width=1))
    forward(latents(1.0, width=GRAPHS + 1))
    assert capture.captures == GRAPHS + 1
    forward(latents(1.0, width=1))
    assert capture.captures == GRAPHS + 1
    forward(latents(1.0, width=2))
    assert capture.captures == GRAPHS + 2


def test_unet_and_controlnet_give_the_same_through_graphs() -> None:
    torch.manual_seed(3)
    unet, net = (made.eval().requires_grad_(False) for made in (tiny.unet(), tiny.controlnet()))
    picture = torch.rand(2, 3, 64, 64)

    def passes() -> list[Tensor]:
        seen = []
        for step in range(3):
            sample, text = torch.full((2, 4, 8, 8), 0.1 * step), torch.full((2, 77, tiny.TEXT_WIDTH), 0.1 * step)
            timestep = torch.tensor(100 * step)
            down, middle = net(sample, timestep, text, picture, return_dict=False)
            residuals = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
            seen.append(unet(sample, timestep, text, **residuals, return_dict=False)[0])
        return seen

    expected = passes()
    capture = HostCapture()
    use_graphs([unet, net], capture, bucket=8)
    for one, other in zip(expected, passes(), strict=True):
        assert torch.equal(one, other)
    assert capture.captures == 2


def test_compiled_with_graphs_an_answer_outlives_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch's own graphs overwrite what they gave; the compiler here is one that does the same at once."""
    modes = []

    def compiler(forward: Callable[[Tensor], Tensor], *, mode: str) -> Callable[[Tensor], Tensor]:
        modes.append(mode)
        given = torch.empty(1, 2)

        def compiled(value: Tensor) -> Tensor:
            return given.copy_(forward(value))

        return compiled

    monkeypatch.setattr(torch, "compile", compiler)
    module = nn.Linear(2, 2).requires_grad_(False)
    one, other = torch.ones(1, 2), torch.zeros(1, 2)
    expected = module(one)
    use_compiler([module], graphs=True)
    answer = module(one)
    module(other)
    assert torch.equal(answer, expected)
    assert modes == ["reduce-overhead"]
