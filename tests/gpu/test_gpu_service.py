"""The diffusion service at full size on a GPU, behind real sockets: leaving, full memory, many at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import grpc
import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

import torch
from diffusers import UNet2DConditionModel
from torch.nn.modules.module import register_module_forward_pre_hook

from diffusion.__main__ import SERVICE_NAME
from diffusion.engine.torch import TorchEngine
from diffusion.pipeline import Pipeline
from diffusion.sd.control import ControlBranch
from diffusion.sd.options import Options
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.servicer import DiffusionServicer
from diffusion.styles import read_styles
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from modomo.type.v1 import control_map_pb2 as maps
from servicekit.imaging.images import encode_jpeg, encode_png
from servicekit.inference import hardware
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.status import from_call
from tests.fixtures.rooms import draw_room
from tools.gpu.bench import bench

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

pytestmark = [
    pytest.mark.slow,
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here"),
]

GREY = draw_room(512, 512).photo[..., 1]


def asking(strength: float, *, seed: int = 3) -> pb.TransformRequest:
    """A request of ⌊25 · strength⌋ steps."""
    plane = encode_png(GREY)
    return pb.TransformRequest(
        image=encode_jpeg(draw_room(512, 512).photo),
        style="modern",
        maps=[
            maps.ControlMap(kind=kind, image=plane)
            for kind in (maps.CONTROL_MAP_KIND_DEPTH, maps.CONTROL_MAP_KIND_CANNY)
        ],
        strength=strength,
        seed=seed,
        previews=1,
    )


class Ready(TorchEngine):
    """An engine around models that were made rather than read."""

    def __init__(self, restyler: RestylingPipeline, executor: DeviceExecutor) -> None:
        super().__init__(Options(weights=Path()), executor)
        self._made = restyler

    def _loaded(self) -> RestylingPipeline:
        return self._made


@dataclass(frozen=True, kw_only=True)
class Service:
    stub: "Stub"
    executor: DeviceExecutor

    async def result(self, request: pb.TransformRequest) -> pb.Result:
        messages = [message async for message in self.stub.Transform(request)]
        assert messages[-1].WhichOneof("event") == "result"
        return messages[-1].result


@pytest.fixture(scope="module")
def restyler() -> Iterator[RestylingPipeline]:
    machine = bench(hardware.choose("cuda"), tiny=False, repeat=1)
    branches = {control: ControlBranch(net) for control, net in machine.made.controls.items()}
    yield machine.restyler(512, branches)
    torch.cuda.empty_cache()


@pytest.fixture
async def service(restyler: RestylingPipeline) -> AsyncIterator[Service]:
    executor = DeviceExecutor("diffusion")
    engine = Ready(restyler, executor)
    await engine.load()
    servicer = DiffusionServicer(Pipeline(engine, preview_engine=engine, styles=read_styles()))
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    listening = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    async with (
        running(listening, [(SERVICE_NAME, lambda server: add(servicer, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Service(stub=pb_grpc.DiffusionServiceStub(channel), executor=executor)
    await engine.close()


@contextmanager
def unet_calls() -> Iterator[list[float]]:
    """The time of every step's start."""
    times: list[float] = []

    def hook(module: torch.nn.Module, _inputs: object) -> None:
        if isinstance(module, UNet2DConditionModel):
            times.append(perf_counter())

    handle = register_module_forward_pre_hook(hook)
    try:
        yield times
    finally:
        handle.remove()


async def test_a_client_that_goes_away_gives_the_device_back_in_mid_picture(service: Service) -> None:
    await service.result(asking(0.1))
    with unet_calls() as steps:
        call = service.stub.Transform(asking(1.0))
        async for message in call:
            if message.progress.step == 5:
                break
        left = perf_counter()
        call.cancel()
        following = await service.result(asking(0.2))
        assert await call.code() is grpc.StatusCode.CANCELLED
    own = following.manifest.steps
    waited = steps[-own] - left
    print(
        f"left after step 5: {len(steps) - own} of 25 steps; the next picture's first step {1000 * waited:.0f} ms later"
    )
    assert len(steps) - own < 15


async def test_full_memory_is_told_to_the_client_and_the_next_request_works(service: Service) -> None:
    before = await service.result(asking(0.2))
    torch.cuda.empty_cache()
    full = torch.cuda.memory_allocated() / torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(full)
    try:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await service.result(asking(0.2))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    error = from_call(caught.value)
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OUT_OF_MEMORY")
    after = await service.result(asking(0.2))
    assert after.images[0].data == before.images[0].data


async def test_ten_at_once_take_turns_and_no_more_memory_than_one(service: Service) -> None:
    alone = await service.result(asking(0.2))
    torch.cuda.reset_peak_memory_stats()
    await service.result(asking(0.2))
    one = torch.cuda.max_memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    start = perf_counter()
    results = await asyncio.gather(*(service.result(asking(0.2, seed=3 + number)) for number in range(10)))
    ten = torch.cuda.max_memory_allocated()
    print(
        f"ten requests of 5 steps at once: {perf_counter() - start:.2f} s; peak {ten / 1e9:.2f} GB, one {one / 1e9:.2f}"
    )
    assert ten < 1.05 * one
    assert results[0].images[0].data == alone.images[0].data
    assert len({result.images[0].data for result in results}) == 10
