"""`python -m gateway api` as a process: how it starts, what it holds, how it ends."""

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest
from websockets.asyncio.client import connect

from deploy.local import ports
from notifier.app import serving
from notifier.settings import Settings as NotifierSettings
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.jobstore.redis import connect as connect_jobstore
from tests.fixtures.gateway import photo, services_running

pytestmark = pytest.mark.slow  # starts whole processes


@asynccontextmanager
async def api_process(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "api"),
        env=os.environ | environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_answering(client: httpx.AsyncClient, path: str) -> httpx.Response:
    async with asyncio.timeout(30):
        while True:
            try:
                return await client.get(path)
            except httpx.TransportError:
                await asyncio.sleep(0.05)  # until it listens


async def test_a_wrong_setting_ends_it_in_one_line() -> None:
    async with api_process({"MODOMO_GATEWAY_LONG_SIDE": "large"}) as process:
        _, errors = await process.communicate()
    assert process.returncode == 78
    assert b"MODOMO_GATEWAY_LONG_SIDE" in errors
    assert b"Traceback" not in errors


async def test_without_keys_it_does_not_listen_to_the_world(tmp_path: Path) -> None:
    environment = {"MODOMO_GATEWAY_LISTEN": "0.0.0.0:0", "MODOMO_DATA_DIR": str(tmp_path)}
    async with api_process(environment) as process:
        _, errors = await process.communicate()
    assert process.returncode == 78
    (line,) = errors.decode().strip().splitlines()
    assert "0.0.0.0:0" in line
    assert "python -m gateway keys new" in line
    assert "MODOMO_GATEWAY_AUTH=insecure" in line


async def test_it_serves_in_little_memory_and_drains_on_sigterm(
    jobstore_settings: JobStoreSettings, tmp_path: Path
) -> None:
    port, notifier_port, grpc_port = ports.free(3)
    address = f"127.0.0.1:{notifier_port}"
    notifier = NotifierSettings(**dataclasses.asdict(jobstore_settings), listen=address, drain_seconds=0.1)
    async with services_running() as services, serving(notifier):
        environment = {
            "MODOMO_GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "MODOMO_GATEWAY_GRPC_LISTEN": f"127.0.0.1:{grpc_port}",
            "MODOMO_GATEWAY_DRAIN_SECONDS": "20",
            "MODOMO_REDIS_URL": jobstore_settings.redis_url,
            "MODOMO_JOBLOG_NAMESPACE": jobstore_settings.joblog_namespace,
            "MODOMO_DATA_DIR": str(tmp_path),
            "MODOMO_NOTIFIER_ADDRESS": address,
            **{f"MODOMO_{name.upper()}_ADDRESS": services.address(name) for name in services.servers},
        }
        async with (
            api_process(environment) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            await until_answering(client, "/health/live")
            assert (await client.get("/health/ready")).status_code == 200
            assert psutil.Process(process.pid).memory_info().rss < 150 * 2**20
            submitted = await client.post("/transform/submit", files={"file": photo()}, data={"style": "modern"})
            assert submitted.status_code == 202
            async with connect(submitted.json()["websocket_url"]) as socket:
                await socket.recv()
                process.send_signal(signal.SIGTERM)
                with pytest.raises(httpx.ConnectError):
                    async with asyncio.timeout(10):
                        while True:  # until nothing new is accepted
                            async with httpx.AsyncClient() as newcomer:
                                await newcomer.get(f"http://127.0.0.1:{port}/health/live")
                assert process.returncode is None
                job_store = connect_jobstore(jobstore_settings).jobs
                await job_store.cancel(submitted.json()["job_id"], message="Your transformation was cancelled.")
                await job_store.close()
                assert '"cancelled"' in str(await socket.recv())
            _, errors = await process.communicate()
            assert process.returncode == 0
            assert b"Traceback" not in errors


async def test_the_program_is_chosen_by_name() -> None:
    for arguments, expected in (["keys", "new", "app"], b"modomo_"), (["none"], b""):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        assert output.startswith(expected)
        assert (process.returncode == 0) == bool(expected)
        assert b"Traceback" not in errors


async def test_it_loads_nothing_heavy() -> None:
    loaded = "sorted({'cv2', 'torch', 'numpy', 'pi_heif', 'botocore'} & set(sys.modules))"
    code = f"import sys, gateway.api.main; print({loaded})"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert output.strip() == b"[]"
