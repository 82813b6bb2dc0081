"""The whole system as real processes, with mutual TLS and webhooks: where it writes, what it logs, who may connect."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
import pytest_asyncio
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError
from standardwebhooks.webhooks import Webhook

from deploy.local.layout import redis_command
from deploy.local.stack import Stack
from servicekit.rpc.health import serving
from servicekit.webhooks import tenant_secret
from tests.e2e.app import App
from tests.fixtures import local_stack
from tests.fixtures.sample_room import sample_room
from tests.fixtures.webhook_receivers import receiving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SERVICES = ("detection", "controlmaps", "diffusion", "notifier")


@dataclass(frozen=True, kw_only=True)
class Secured:
    """A system that is run as in production, as far as one machine allows."""

    stack: Stack
    folder: Path

    @property
    def written(self) -> set[Path]:
        """Every path that a process of it has opened for writing."""
        return {Path(line) for line in (self.folder / "writes.log").read_text().splitlines()}

    @property
    def logged(self) -> list[str]:
        """Every line that any process but Valkey has written."""
        logs = (self.folder / "stack" / "logs").glob("*.log")
        return [line for log in logs if log.stem != "redis" for line in log.read_text().splitlines()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> AsyncIterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    for name in ("home", "temporary", "hook", "tls"):
        (folder / name).mkdir()
    shutil.copy(Path(__file__).with_name("watch_writes.py"), folder / "hook" / "sitecustomize.py")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(folder / "tls" / "ca.pem"))
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "tls" / "own.pem"))
    overrides = {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "PYTHONPATH": str(folder / "hook"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WRITES_LOG": str(folder / "writes.log"),
        "MODOMO_TLS_CA": str(folder / "tls" / "ca.pem"),
        "MODOMO_TLS_CERTIFICATE": str(folder / "tls" / "own.pem"),
        "MODOMO_TLS_KEY": str(folder / "tls" / "own.pem"),
        "MODOMO_WEBHOOK_SECRETS": SECRET,
        "MODOMO_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",
        "MODOMO_LOG_LEVEL": "DEBUG",
        "MODOMO_LOG_FORMAT": "json",
    }
    async with local_stack.start(folder / "stack", overrides=overrides) as stack:
        yield Secured(stack=stack, folder=folder)


async def test_a_job_runs_over_mutual_tls_and_its_tenant_is_told(secured: Secured) -> None:
    async with App(secured.stack.layout.url) as app, receiving() as receiver:
        form = {"style": "modern", "webhook_url": receiver.url}
        files = {"file": ("room.jpg", sample_room(), "image/jpeg")}
        accepted = (await app.http.post("/transform/submit", files=files, data=form)).json()
        await app.events(accepted["websocket_url"])
        data = await app.ended(accepted["job_id"])
        assert data["status"] == "completed"
        for link in (data["result"]["transformed_url"], data["result"]["original_url"]):
            assert (await app.http.get(link)).status_code == 200
        (request,) = await receiver.heard()
        told = Webhook(tenant_secret(SECRET, "")).verify(request.body, request.headers)
        assert (told["type"], told["data"]["job_id"]) == ("transform.completed", accepted["job_id"])
        purged = await app.http.delete(f"/transform/{accepted['job_id']}?purge=true")
        assert purged.json()["success"] is True
        assert (await app.http.get(data["result"]["transformed_url"])).status_code == 404


async def test_nobody_without_a_certificate_gets_an_answer(secured: Secured) -> None:
    for service in SERVICES:
        assert not await asyncio.to_thread(serving, secured.stack.layout.address(service))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{secured.stack.layout.grpc_port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)


async def test_nothing_is_written_outside_data_and_temporary_directories(secured: Secured) -> None:
    allowed = (secured.folder / "stack", secured.folder / "temporary", secured.folder / "writes.log", Path("/dev"))
    strays = [path for path in secured.written if not any(path.is_relative_to(one) for one in allowed)]
    assert any(path.is_relative_to(secured.folder / "stack") for path in secured.written), "the hook hears"
    assert strays == []
    assert list((secured.folder / "home").iterdir()) == []


async def test_nobody_else_on_this_machine_reads_photos_jobs_logs_or_secrets(secured: Secured) -> None:
    layout = secured.stack.layout
    kept = [layout.data, *layout.data.rglob("*")]
    assert any(path.suffix == ".aof" for path in kept)
    assert layout.data.stat().st_mode & 0o777 == 0o700
    by_us = {layout.data / "lock", *layout.data.glob("logs/*")}  # opened by the process that starts the others
    written = [path for path in kept if path.is_file() and path not in by_us]
    assert [path for path in written if path.stat().st_mode & 0o077] == []
    stranger: Any = Redis(port=layout.redis_port)
    with pytest.raises(AuthenticationError):
        await stranger.ping()
    await stranger.aclose()
    password = str(urlsplit(layout.redis_url).password)
    assert not any(password in argument for argument in redis_command(layout))


async def test_every_line_of_every_log_is_one_record_and_shows_no_secret(secured: Secured) -> None:
    async with App(secured.stack.layout.url) as app:
        forged = 'a"}\n{"event": "forged", "level": "error"}\x1b[31m\u2028'
        await app.http.post("/transform/submit", files={"file": ("x", b"x")}, data={"style": forged})
        await app.http.get(f"/transform/status/{'%0a' * 20}forged?signature=abcdef")
        await app.http.get("/files/jobs/none/original.jpg?expires=99999999999&signature=ABCDEFGHIJKLMNOP")
    lines = secured.logged
    assert len(lines) > 50
    for line in lines:
        record = json.loads(line)
        assert record["event"] != "forged"
        assert "?" not in record.get("path", "")
    text = "\n".join(lines)
    for secret in (SECRET.removeprefix("whsec_"), "ABCDEFGHIJKLMNOP", "abcdef", "signature=", "key=1"):
        assert secret not in text
