"""The TypeScript client in Node against a real gateway; what is generated is fresh and typed."""

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import playwright
import pytest
from standardwebhooks import Webhook

from gateway.api.auth import Scope
from gateway.api.auth.api_keys import draw
from gateway.api.auth.keys_command import as_toml
from servicekit.jobstore import Claim, JobStatus, Update
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.jobstore import FaultyNetwork
from tools.clients import typescript

NODE = Path(playwright.__file__).parent / "driver" / "node"
"""Which playwright brings along."""
SCENARIOS = Path(__file__).with_name("scenarios.mjs")
needs_npm = pytest.mark.skipif(
    not typescript.PROGRAMS.exists(), reason="no compiler: `make test` takes it from npm where there is one"
)


@asynccontextmanager
async def node(folder: Path, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """A scenario that runs; what it prints."""
    (folder / "room.jpg").write_bytes(photo())
    command = [str(NODE), str(SCENARIOS), str(typescript.VENDORED), *arguments]
    environment = os.environ | {"PHOTO": str(folder / "room.jpg")}
    running = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=environment)
    assert running.stdout
    try:
        yield running.stdout
        assert await asyncio.wait_for(running.wait(), 30) == 0
    finally:
        with suppress(ProcessLookupError):
            running.kill()
        await running.wait()


async def outcome(printed: asyncio.StreamReader) -> Any:
    """The last line."""
    lines = (await asyncio.wait_for(printed.read(), 30)).splitlines()
    assert lines, "it printed nothing"
    return json.loads(lines[-1])


async def scenario(folder: Path, *arguments: str) -> Any:
    async with node(folder, *arguments) as printed:
        return await outcome(printed)


def compiled(project: Path) -> str:
    """What the compiler complains of."""
    command: list[str | Path] = [typescript.PROGRAMS / "tsc", "--project", project]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


async def worked(gateway: Gateway) -> Claim:
    """Takes the next job through an event, not to its end."""
    claim = await gateway.jobstore.queue.claim()
    await claim.append(Update(status=JobStatus.TRANSFORMING, progress=0.6, message="Applying…", step=1, total_steps=3))
    return claim


@pytest.mark.parametrize("way", ["events", "sse"])
async def test_a_photo_is_restyled_and_its_progress_is_told(gateway: Gateway, tmp_path: Path, way: str) -> None:
    running = asyncio.create_task(scenario(tmp_path, "restyle", gateway.url, way))
    claim = await worked(gateway)
    assert '"seed":7' in claim.job.payload
    await gateway.complete(claim)
    told = await running
    assert told["jobs"] == [told["jobId"]] == [claim.job.job_id]
    assert told["statuses"] == ["queued", "transforming", "completed"]
    assert told["seqs"] == [1, 2, 3]
    assert told["again"] == [], "nothing follows the last event, and nothing is waited for"
    assert told["picture"] == "transformed"
    assert told["sockets"] == (2 if way == "events" else 0)
    assert {"boho", "modern"} <= set(told["styles"])
    assert told["room"] == "kitchen"


async def test_a_key_opens_a_websocket_by_a_ticket(start_gateway: StartGateway, tmp_path: Path) -> None:
    key, record = draw("anna", tuple(Scope))
    gateway = await start_gateway(api_keys=as_toml(record))
    async with gateway.start_notifier():
        running = asyncio.create_task(scenario(tmp_path, "restyle", gateway.url, "events", key))
        await gateway.complete(await worked(gateway))
        told = await running
    assert (told["seqs"], told["sockets"]) == ([1, 2, 3], 2)


@pytest.mark.parametrize("way", ["events", "sse"])
async def test_events_go_on_where_a_connection_broke(gateway: Gateway, tmp_path: Path, way: str) -> None:
    network = FaultyNetwork(gateway.url)
    await network.start()
    try:
        job_id = await gateway.submit(photo())
        async with node(tmp_path, "follow", network.url.replace("redis://", "http://"), way, job_id) as printed:
            claim = await worked(gateway)
            while await asyncio.wait_for(printed.readline(), 20) != b"seq 2\n":
                pass
            await network.stop()
            await claim.append(Update(status=JobStatus.FINALIZING, progress=0.9, message="…"))
            await gateway.complete(claim)
            await network.start()
            told = await outcome(printed)
        assert told["seqs"] == [1, 2, 3, 4], "each once, none left out"
    finally:
        with suppress(RuntimeError):
            await network.stop()


async def test_errors_are_classes_by_their_kind(gateway: Gateway, tmp_path: Path) -> None:
    told = await scenario(tmp_path, "refused", gateway.url)
    strict = ["preferences.strength", "preferences.variants", "style"]
    assert told["photo"] == {"name": "PhotoError", "code": "IMAGE_UNSUPPORTED", "status": 415, "fields": ["file"]}
    assert (told["request"]["name"], told["request"]["fields"]) == ("RequestError", strict)
    assert (told["absent"]["name"], told["absentEvents"]["name"]) == ("AbsentError", "AbsentError")
    assert (told["conflict"]["name"], told["conflict"]["code"]) == ("ConflictError", "IDEMPOTENCY_KEY_REUSED")
    assert told["cancelled"]["name"] == "JobCancelled"
    assert told["unreachable"]["name"] == "Unreachable"
    assert told["aborted"]["name"] == "Error", "the reason of the signal"
    assert told["same"]
    assert told["materials"] == ["oak-boards"]
    assert await gateway.store.get(f"jobs/{told['corrected']}/style-image.jpg")
    claim = await gateway.jobstore.queue.claim()
    assert '"corrections":[{"x":0.5,"y":0.25,"label":"leave"}]' in claim.job.payload
    assert told["page"].startswith(f"{gateway.url}/v1/errors/")


async def test_who_aborts_cancels_the_job(gateway: Gateway, tmp_path: Path) -> None:
    assert await scenario(tmp_path, "aborted", gateway.url) == {"why": "enough", "jobs": ["cancelled"]}


async def test_what_is_sent_again_and_what_is_not(tmp_path: Path) -> None:
    told = await scenario(tmp_path, "again", "https://rooms.example")
    assert told["answers"] == [503, 429, 200]
    assert (told["proxy"]["name"], told["proxy"]["status"]) == ("ServiceError", 502)
    assert told["elsewhere"]["name"] == "ServiceError"


async def test_react_native_sends_files_by_their_uri(gateway: Gateway, tmp_path: Path) -> None:
    async with node(tmp_path, "native", gateway.url) as printed:
        assert await asyncio.wait_for(printed.readline(), 20) == b"queued\n", "while the job runs, not at its end"
        await gateway.complete(await worked(gateway))
        told = await outcome(printed)
    assert told == {"statuses": ["queued", "transforming", "completed"], "shares": [1], "seed": 7, "file": True}


async def test_webhooks_are_verified_as_their_standard_says(tmp_path: Path) -> None:
    """Signed by the package of those who wrote the standard."""
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    body, now = (
        json.dumps({"type": "transform.completed", "data": {"job_id": "é-1"}}),
        datetime.now(UTC).replace(microsecond=0),
    )

    def headers(at: datetime = now, **changes: str) -> dict[str, str]:
        signature = Webhook(secret).sign("msg_1", at, body)
        signed = {"webhook-id": "msg_1", "Webhook-Timestamp": f"{at.timestamp():.0f}", "webhook-signature": signature}
        return signed | {name.replace("_", "-"): value for name, value in changes.items()}

    def check(sent: dict[str, str], secrets: str | Sequence[str] = secret, text: str = body) -> dict[str, Any]:
        return {"body": text, "headers": sent, "secrets": secrets}

    old = datetime.fromtimestamp(now.timestamp() - 400, UTC)
    good = [check(headers()), check(headers(), ["whsec_AAAA", secret])]
    bad = [
        check(headers(), text=body + " "),
        check(headers(old)),
        check(headers(), "whsec_AAAA"),
        check(headers(), []),
        check({}),
        check(headers(webhook_signature="v1,%%%")),
        check(headers(webhook_id="msg_2")),
    ]
    assert await scenario(tmp_path, "webhook", json.dumps([*good, *bad])) == ["é-1"] * 2 + ["WebhookRefused"] * len(bad)


def test_the_kinds_of_errors_are_fresh() -> None:
    fresh = typescript.source() == typescript.SOURCE.read_text()
    assert fresh, "run `make clients`"


@needs_npm
@pytest.mark.slow
async def test_all_is_fresh_and_typed_and_a_client_of_others_runs_a_job(gateway: Gateway, tmp_path: Path) -> None:
    fresh = await asyncio.to_thread(typescript.types) == typescript.TYPES.read_text()
    assert fresh, "run `make clients`"
    modules = typescript.PROGRAMS.parent
    (tmp_path / "node_modules").symlink_to(modules)
    paths = {"openapi-fetch": [str(modules / "openapi-fetch")]}
    options = {"rootDir": str(typescript.PACKAGE), "outDir": str(tmp_path), "declaration": False, "paths": paths}
    sources = [str(typescript.PACKAGE / "src"), str(typescript.PACKAGE / "tests")]
    project = {"extends": str(typescript.PACKAGE / "tsconfig.json"), "compilerOptions": options, "include": sources}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    assert await asyncio.to_thread(compiled, tmp_path) == ""
    fresh = (tmp_path / "src" / "modomo-client.js").read_text() == typescript.VENDORED.read_text()
    assert fresh, "run `make clients`"
    (tmp_path / "package.json").write_text('{"type": "module"}')
    running = asyncio.create_task(
        scenario(tmp_path, "generated", gateway.url, str(tmp_path / "tests" / "generated.js"))
    )
    claim = await gateway.jobstore.queue.claim()
    assert '"seed":7' in claim.job.payload
    await gateway.complete(claim)
    assert await running == "completed"
