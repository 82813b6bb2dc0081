"""A service as a process of its own: not ready before its engine, and drained on SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit.rpc import client

SCRIPT = """
import asyncio
from pathlib import Path
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import (
    DiffusionServiceServicer, add_DiffusionServiceServicer_to_server,
)
from servicekit import process
from servicekit.config import env
from servicekit.observability import logs
from servicekit.inference.device_lost import DeviceLost
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc.serve import serve_engines
from servicekit.config.settings import ProcessSettings

FOLDER = Path(__file__).parent

async def appears(name):
    while not (FOLDER / name).exists():
        await asyncio.sleep(0.01)

class Engine:
    info = EngineInfo(name="test")
    async def load(self):
        await appears("may-load")
        if (FOLDER / "may-load").read_text() == "broken":
            raise RuntimeError("no weights")
    async def close(self):
        (FOLDER / "closed").touch()

def lose():
    raise DeviceLost("CUDA error: an illegal memory access was encountered")

class Servicer(DiffusionServiceServicer):
    async def Preview(self, request, call):
        (FOLDER / "called").touch()
        await appears("may-answer")
        if (FOLDER / "may-answer").read_text() == "device lost":
            await DeviceExecutor("test").run(lose)
        return pb.PreviewResponse()

async def main():
    settings = env.read(ProcessSettings, prefix="MODOMO_TEST_")
    logs.configure("test")
    await serve_engines(
        settings, listen="127.0.0.1:" + (FOLDER / "port").read_text(), engines=[Engine()],
        registrations=[("test", lambda server: add_DiffusionServiceServicer_to_server(Servicer(), server))],
    )

process.run(main)
"""


class Service:
    """The process, and the folder whose files control it."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
        self.process = process
        self.folder = folder
        self.channel = client.channel(f"127.0.0.1:{port}")

    async def until_serving(self) -> None:
        async with asyncio.timeout(30):
            while not await self.serving():  # noqa: ASYNC110 - another process decides: there is nothing to await
                await asyncio.sleep(0.01)

    async def serving(self) -> bool:
        stub: Any = health_pb2_grpc.HealthStub(self.channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=30)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@asynccontextmanager
async def _service(folder: Path, port: int, **environ: str) -> AsyncIterator[Service]:
    (folder / "service.py").write_text(SCRIPT)
    (folder / "port").write_text(str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(folder / "service.py"), env=environ, stderr=asyncio.subprocess.PIPE
    )
    service = Service(process, folder, port)
    try:
        yield service
    finally:
        await service.channel.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _appears(path: Path) -> None:
    async with asyncio.timeout(30):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it: there is nothing to await
            await asyncio.sleep(0.01)


async def test_serving_only_when_loaded_and_drained_on_sigterm(tmp_path: Path, unused_tcp_port: int) -> None:
    async with _service(tmp_path, unused_tcp_port) as service:
        assert not await service.serving()
        (tmp_path / "may-load").touch()
        await service.until_serving()
        stub = pb_grpc.DiffusionServiceStub(service.channel)
        under_way = asyncio.ensure_future(_preview(stub))
        await _appears(tmp_path / "called")
        service.process.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _refused(unused_tcp_port)
        away = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)  # the latter for a call that came just then
        assert refused.value.code() in away
        assert service.process.returncode is None
        (tmp_path / "may-answer").touch()
        assert await under_way == pb.PreviewResponse()
        assert await asyncio.wait_for(service.process.wait(), 30) == 0
        assert (tmp_path / "closed").exists()


async def test_drain_time_ends_what_does_not_end(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "may-load").touch()
    async with _service(tmp_path, unused_tcp_port, MODOMO_TEST_DRAIN_SECONDS="0.2") as service:
        await service.until_serving()
        stub = pb_grpc.DiffusionServiceStub(service.channel)
        under_way = asyncio.ensure_future(_preview(stub))
        await _appears(tmp_path / "called")
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(service.process.wait(), 30) == 0
        with pytest.raises(grpc.aio.AioRpcError):
            await under_way


async def test_engine_that_cannot_load_ends_the_process(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "may-load").write_text("broken")
    async with _service(tmp_path, unused_tcp_port) as service:
        assert await asyncio.wait_for(service.process.wait(), 30) != 0


async def test_a_lost_device_ends_the_process_at_once_and_health_says_so_first(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    (tmp_path / "may-load").touch()
    (tmp_path / "may-answer").write_text("device lost")
    async with _service(tmp_path, unused_tcp_port, MODOMO_TEST_DRAIN_SECONDS="60") as service:
        await service.until_serving()
        stub: Any = health_pb2_grpc.HealthStub(service.channel)
        told = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await told.read()).status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError):
            await _preview(pb_grpc.DiffusionServiceStub(service.channel))
        assert (await told.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await asyncio.wait_for(service.process.wait(), 10) == 71
        assert service.process.stderr is not None
        assert b"an illegal memory access was encountered" in await service.process.stderr.read()


async def test_wrong_setting_ends_the_process_in_one_line(tmp_path: Path, unused_tcp_port: int) -> None:
    async with _service(tmp_path, unused_tcp_port, MODOMO_TEST_METRICS_PORT="many") as service:
        assert await asyncio.wait_for(service.process.wait(), 30) == 78
        assert service.process.stderr is not None
        (line,) = (await service.process.stderr.read()).splitlines()
        assert b"MODOMO_TEST_METRICS_PORT must be of type int" in line


async def _preview(stub: pb_grpc.DiffusionServiceStub) -> object:
    return await stub.Preview(pb.PreviewRequest())  # type: ignore[misc]  # it is asynchronous


async def _refused(port: int) -> None:
    """Calls over new connections until the port is closed."""
    for _attempt in range(300):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
            await asyncio.sleep(0.02)
