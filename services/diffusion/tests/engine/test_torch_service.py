"""The torch engine behind real sockets: a whole call, a client that goes away, memory that runs out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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
from diffusion.sd.options import Control, Options, Structure
from diffusion.servicer import DiffusionServicer
from diffusion.styles import read_styles
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from modomo.type.v1.control_map_pb2 import CONTROL_MAP_KIND_DEPTH, ControlMap
from servicekit.imaging.images import decode_rgb, encode_jpeg, encode_png
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.status import from_call
from tests.fixtures.compute_device import DEVICE
from tests.fixtures.rooms import draw_room

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceAsyncStub as Stub

pytestmark = pytest.mark.slow  # loads torch and makes the tiny models

ROOM = draw_room(96, 72)
REQUEST = pb.TransformRequest(
    image=encode_jpeg(ROOM.photo),
    style="modern",
    maps=[ControlMap(kind=CONTROL_MAP_KIND_DEPTH, image=encode_png(ROOM.photo[..., 0]))],
    seed=3,
    previews=1,
    tier=pb.TIER_FAST,
)


@pytest.fixture
async def stub(tiny_diffusion: Path) -> AsyncIterator["Stub"]:
    options = Options(
        weights=tiny_diffusion, device=DEVICE, base="sd15", structure=Structure.EDGES, controlnets=(Control.DEPTH,)
    )
    engine = TorchEngine(options, DeviceExecutor("diffusion"))
    await engine.load()
    servicer = DiffusionServicer(Pipeline(engine, preview_engine=engine, styles=read_styles()))
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    listening = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2)
    async with (
        running(listening, [(SERVICE_NAME, lambda server: add(servicer, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield pb_grpc.DiffusionServiceStub(channel)
    await engine.close()


@contextmanager
def at_every_unet_call(act: Callable[[], None]) -> Iterator[None]:
    def hook(module: torch.nn.Module, _inputs: object) -> None:
        if isinstance(module, UNet2DConditionModel):
            act()

    handle = register_module_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


async def test_a_whole_call(stub: "Stub") -> None:
    messages = [message async for message in stub.Transform(REQUEST)]
    kinds = [message.WhichOneof("event") for message in messages]
    assert kinds.count("preview") == 1
    assert kinds[-1] == "result"
    result = messages[-1].result
    assert decode_rgb(result.images[0]).shape == ROOM.photo.shape
    names = [model.name for model in result.manifest.engine.models]
    assert result.manifest.engine.name == "torch"
    assert names[1:] == ["lllyasviel/control_v11f1p_sd15_depth", "ByteDance/Hyper-SD", "madebyollin/taesd"]
    (drawn,) = result.manifest.passes
    assert (drawn.stage, drawn.steps) == ("draw", result.manifest.steps)
    assert [(one.control, round(one.scale, 3), round(one.end, 3)) for one in drawn.controls] == [("depth", 0.7, 0.8)]


async def test_a_client_that_goes_away_stops_the_loop_within_a_step(stub: "Stub") -> None:
    calls: list[None] = []
    third_step, gone = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def count() -> None:
        calls.append(None)
        if len(calls) == 3:
            # the third step waits, in the engine's thread, until its client has gone
            loop.call_soon_threadsafe(third_step.set)
            asyncio.run_coroutine_threadsafe(gone.wait(), loop).result(timeout=60)

    with at_every_unet_call(count):
        call = stub.Transform(REQUEST)
        async for message in call:
            if message.progress.step == 2:
                break
        await third_step.wait()
        call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
        gone.set()
        answer = [message async for message in stub.Transform(REQUEST)]
    assert answer[-1].WhichOneof("event") == "result"
    own_steps = answer[-1].result.manifest.steps
    assert len(calls) <= 4 + own_steps


async def test_out_of_memory_reaches_the_client_and_the_service_goes_on(stub: "Stub") -> None:
    failures = iter([True])

    def fail_once() -> None:
        if next(failures, False):
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with at_every_unet_call(fail_once):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [message async for message in stub.Transform(REQUEST)]
        answer = [message async for message in stub.Transform(REQUEST)]
    error = from_call(caught.value)
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OUT_OF_MEMORY")
    assert answer[-1].WhichOneof("event") == "result"
