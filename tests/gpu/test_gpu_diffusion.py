"""What only a GPU can show: half precision beside stock, the same bytes twice, real exhaustion of its memory."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch

from diffusion.domain import Result
from diffusion.sd.control import ControlBranch
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
