"""A photo through the one container of deploy/railway, with Modal in miniature: all the way, and cancelled."""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

pytest.importorskip("modal", reason="the modal extra is not installed")

from deploy.local import ports
from servicekit.storage.settings import StorageSettings
from tests.e2e.app import App
from tests.fixtures.modal_server import ModalServer, modal_server
from tests.fixtures.modal_stub_methods import APP, STEPS, Rooms
from tests.fixtures.sample_room import sample_room
from tests.fixtures.valkey import Valkey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def server(rooms: Rooms) -> Iterator[ModalServer]:
    with modal_server(APP, rooms.methods()) as server:
        yield server


@pytest.fixture
async def url(
    server: ModalServer, valkey_server: Valkey, s3_settings: StorageSettings, tmp_path: Path
) -> AsyncIterator[str]:
    """Where the container's gateway answers; it has ended orderly when the test is over."""
    own = ports.free(4)
    environ = {
        **os.environ,
        "PORT": str(own[0]),
        "REDIS_URL": valkey_server.url,
        "MODOMO_JOBLOG_NAMESPACE": f"test-{secrets.token_hex(8)}",
        "MODOMO_S3_BUCKET": s3_settings.s3_bucket,
        "MODOMO_S3_ENDPOINT": s3_settings.s3_endpoint,
        "MODOMO_S3_REGION": s3_settings.s3_region,
        "MODOMO_S3_ACCESS_KEY_ID": s3_settings.s3_access_key_id,
        "MODOMO_S3_SECRET_ACCESS_KEY": s3_settings.s3_secret_access_key,
        "MODOMO_GATEWAY_AUTH": "insecure",
        "MODOMO_WORKER_QUALITY_BAR": "0",  # a mirrored room would be made once more
        "MODOMO_GATEWAY_GRPC_LISTEN": f"127.0.0.1:{own[1]}",
        "MODOMO_NOTIFIER_LISTEN": f"127.0.0.1:{own[2]}",
        "MODOMO_NOTIFIER_ADDRESS": f"127.0.0.1:{own[2]}",
        "MODOMO_DETECTION_LISTEN": f"127.0.0.1:{own[3]}",
        **{f"MODOMO_{one}_ADDRESS": f"127.0.0.1:{own[3]}" for one in ("DETECTION", "CONTROLMAPS", "DIFFUSION")},
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        container = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.railway", cwd=ROOT, env=environ, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{own[0]}"
    try:
        async with httpx.AsyncClient(base_url=address, timeout=5) as client:
            while container.returncode is None:
                with suppress(httpx.TransportError):
                    if (await client.get("/health/ready")).is_success:
                        break
                await asyncio.sleep(0.2)  # between two questions whether all of it has started
        assert container.returncode is None, log.read_text()[-3000:]
        yield address
    finally:
        with suppress(ProcessLookupError):
            container.send_signal(signal.SIGTERM)
        status = await container.wait()
    assert status == 0, log.read_text()[-3000:]


async def test_a_cancelled_job_cancels_its_call_on_modal_and_the_next_goes_all_the_way(
    url: str, server: ModalServer, rooms: Rooms
) -> None:
    async with App(url) as app:
        job = await app.submit(sample_room())
        await app.step(job["websocket_url"], STEPS - 1)
        answer = await app.http.delete(f"/transform/{job['job_id']}")
        assert answer.json() == {"success": True, "message": "Job cancelled successfully"}
        assert (await app.events(job["websocket_url"]))[-1]["status"] == "cancelled"
        while "cancelled" not in server.ended:  # noqa: ASYNC110 - the server lives in another thread
            await asyncio.sleep(0.02)
        assert server.ended.count("cancelled") == 1

        server.run(rooms.let_go())
        job = await app.submit(sample_room())
        events = await app.events(job["websocket_url"])
        assert events[-1]["status"] == "completed"
        steps = [event["step"] for event in events if event.get("step")]
        assert steps == sorted(steps)
        assert steps[-1] == STEPS
        metadata = (await app.status(job["job_id"]))["result"]["metadata"]
        assert metadata["engine"] == "modal"
        assert {"owner/detection", "owner/diffusion"} <= {model["name"] for model in metadata["models"]}
    assert {"models", "detect", "infer", "restyle"} <= set(server.started)
