"""What only a GPU can show: half precision beside stock, the same bytes twice, real exhaustion of its memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import Result
from diffusion.sd.control import ControlBranch
from diffusion.sd.graphs import CudaCapture, use_graphs
from diffusion.sd.letterbox import BUCKET, MULTIPLE
from servicekit.errors import Exhausted
from servicekit.inference import hardware
from tools.gpu.bench import NETS, Bench, bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here"),
]

SIDE = 512


@pytest.fixture(scope="module")
def machine() -> Iterator[Bench]:
    yield bench(hardware.choose("cuda"), tiny=False, repeat=1)
    torch.cuda.empty_cache()


def test_half_precision_agrees_with_stock_repeats_itself_and_survives_full_memory(machine: Bench) -> None:
    expected = machine.theirs(SIDE, NETS)()
    assert isinstance(expected, tuple)
    branches = {control: ControlBranch(net) for control, net in machine.made.controls.items()}
    ours = machine.ours(SIDE, branches)

    def picture() -> NDArray[np.uint8]:
        result = ours()
        assert isinstance(result, list)
        assert isinstance(result[-1], Result)
        return result[-1].images[0]

    first = picture()
    stock = (expected[0][0].permute(1, 2, 0).float().cpu().numpy() * 255).round()
    assert np.abs(first - stock).mean() < 2.0
    assert np.array_equal(first, picture())

    torch.cuda.empty_cache()
    used = torch.cuda.memory_allocated() / torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(used)
    try:
        with pytest.raises(Exhausted, match="OUT_OF_MEMORY"):
            picture()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert np.array_equal(first, picture())


def test_graphs_give_the_same_picture_while_sizes_change(machine: Bench) -> None:
    net = next(iter(machine.made.controls.values()))
    ControlBranch(net)  # which from then on takes an embedded image
    sizes = (64, 96, 64, 65)

    def predictions() -> list[torch.Tensor]:
        seen = []
        for number, side in enumerate(sizes):
            random = torch.Generator("cuda").manual_seed(number)
            given: dict[str, Any] = {"device": "cuda", "dtype": torch.float16, "generator": random}
            sample, text = torch.randn(2, 4, side, side, **given), torch.randn(2, 77, 768, **given)
            cond = torch.randn(1, 320, side, side, **given)
            timestep = torch.tensor(100 * number, device="cuda")
            down, middle = net(sample, timestep, text, cond, return_dict=False)
            residuals = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
            seen.append(machine.made.unet(sample, timestep, text, **residuals, return_dict=False)[0])
        return seen

    modules = [machine.made.unet, net]
    with torch.inference_mode():
        expected = predictions()
        use_graphs(modules, CudaCapture(machine.hardware.device), bucket=BUCKET // MULTIPLE)
        try:
            for one, other in zip(expected, predictions(), strict=True):
                assert torch.allclose(one, other, atol=2e-2, rtol=1e-2)
        finally:
            for module in modules:
                del module.__dict__["forward"]
