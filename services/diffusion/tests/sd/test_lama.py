"""LaMa in `declutter`, on a graph with the published one's inputs and output and an answer that can be told."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.domain import Restyling, Result, Tier
from diffusion.engine.torch import TorchEngine
from diffusion.sd import lama
from diffusion.sd.lama import Lama
from diffusion.sd.options import Options
from servicekit.inference.executor import DeviceExecutor
from servicekit.types.modes import RoomMode
from servicekit.weights import Manifest, WeightsCorrupt
from servicekit.weights.directory import DirectorySource
from servicekit.weights.pull import Puller
from tests.fixtures.compute_device import DEVICE
from tools.gpu.requests import restyling

FILL = (200, 40, 90)
"""What the graph of these tests fills with, where the published one goes on with floors and walls."""


def write_graph(file: Path, *, mask: Sequence[int | str] = ("batch", 1, 512, 512)) -> None:
    """`image` in [0, 1] and `mask` to a picture in [0, 255], with FILL where the mask is set."""
    fill = np.array(FILL, dtype=np.float32).reshape(1, 3, 1, 1) / 255
    values: dict[str, NDArray[np.float32]] = {"fill": fill.astype(np.float32), "most": np.array(255, dtype=np.float32)}
    nodes = [
        helper.make_node("Where", ["hole", "fill", "image"], ["shares"]),
        helper.make_node("Mul", ["shares", "most"], ["output"]),
    ]
    size: Sequence[int | str] = ("batch", 3, 512, 512)
    graph = helper.make_graph(
        [helper.make_node("Cast", ["mask"], ["hole"], to=TensorProto.BOOL), *nodes],
        "lama",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, size),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, mask),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, size)],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)


@pytest.mark.parametrize("size", [(90, 120), (1200, 700), (512, 512), (160, 900)])
def test_only_what_was_removed_is_filled(tmp_path: Path, size: tuple[int, int]) -> None:
    write_graph(tmp_path / lama.FILE)
    photo = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    removed = np.zeros(size, dtype=np.bool_)
    removed[size[0] // 4 : size[0] // 2, size[1] // 3 : size[1] // 2] = True
    filled = Lama(tmp_path / lama.FILE).fill(photo, removed)
    assert np.array_equal(filled[~removed], photo[~removed])
    inner = filled[size[0] // 4 + 5 : size[0] // 2 - 5, size[1] // 3 + 5 : size[1] // 2 - 5]
    assert np.abs(inner.astype(int) - FILL).max() <= 1


def test_a_file_that_is_no_graph_and_one_with_other_inputs_are_named(tmp_path: Path) -> None:
    broken = tmp_path / lama.FILE
    broken.write_bytes(b"<html>sign in</html>")
    with pytest.raises(WeightsCorrupt, match=rf"{lama.FILE} is no graph that ONNX Runtime reads; pull lama again"):
        Lama(broken)
    write_graph(broken, mask=("batch", 3, 512, 512))
    with pytest.raises(WeightsCorrupt, match=rf"{lama.FILE} takes .*\[3, 512, 512\]}} in place of .*\[1, 512, 512\]"):
        Lama(broken)


def declutter() -> Restyling:
    remove = np.zeros((90, 120), dtype=np.bool_)
    remove[40:60, 30:60] = True
    return restyling(height=90, width=120, mode=RoomMode.DECLUTTER, remove=remove, tier=Tier.FAST)


async def results(weights: Path, *requests: Restyling) -> list[Result]:
    engine = TorchEngine(Options(weights=weights, device=DEVICE, variants_at_once=1), DeviceExecutor("diffusion"))
    await engine.load()
    last = [[step async for step in engine.transform(request)][-1] for request in requests]
    await engine.close()
    return [one for one in last if isinstance(one, Result)]


@pytest.mark.slow
def test_decluttering_starts_from_what_lama_fills_where_the_store_has_it(tiny_diffusion: Path, tmp_path: Path) -> None:
    weights, pulled = tmp_path / "weights", tmp_path / "repositories" / lama.NAME
    shutil.copytree(tiny_diffusion, weights)
    pulled.mkdir(parents=True)
    write_graph(pulled / lama.FILE)
    (without,) = asyncio.run(results(weights, declutter()))
    Puller(weights, DirectorySource(pulled.parent), manifest=Manifest.shipped()).pull([lama.NAME])
    another = restyling(height=90, width=120, tier=Tier.FAST)
    filled, restyled = asyncio.run(results(weights, declutter(), another))
    took_part = [
        "Carve/LaMa-ONNX" in {model.name for model in one.manifest.engine.models} for one in (without, filled, restyled)
    ]
    assert took_part == [False, True, False]
    assert (without.images[0] != filled.images[0])[42:58, 32:58].mean() > 0.5
    assert np.array_equal(filled.images[0][:30], declutter().photo[:30]), "what nobody removes stays"
