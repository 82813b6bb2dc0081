"""A job's events over WebSocket."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.jobs import status_presentation
from servicekit.jobstore import Claim, Ending, JobStatus, Update
from tests.fixtures.gateway import Gateway, StartGateway, photo

WORK = (
    (JobStatus.ANALYZING, 0.1),
    (JobStatus.DETECTING, 0.2),
    (JobStatus.GENERATING, 0.3),
    (JobStatus.TRANSFORMING, 0.5),
    (JobStatus.FINALIZING, 0.9),
)


def update(status: JobStatus, progress: float, **changes: Any) -> Update:
    return Update(
        status=status, progress=progress, message=status_presentation.message(status, style="modern"), **changes
    )


def socket(gateway: Gateway, job_id: str, query: str = "") -> connect:
    return connect(f"{gateway.url.replace('http', 'ws')}/ws/transform/{job_id}{query}", compression=None)


async def messages_of(connection: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """All messages, and the close code."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await connection.recv()))
    except ConnectionClosed:
        assert connection.close_code is not None
        return messages, connection.close_code


async def work(claim: Claim) -> None:
    for status, progress in WORK:
        await claim.append(update(status, progress))


async def test_live_messages_are_as_the_contract_says(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with socket(gateway, job_id) as connection:
        first = json.loads(await connection.recv())
        timestamp = first.pop("timestamp")
        assert len(timestamp) == len("2025-11-12T10:30:45Z")
        assert timestamp[-1] == "Z"
        assert first == {
            "job_id": job_id,
            "seq": 1,
            "status": "queued",
            "progress": 0.0,
            "message": "Your transformation is queued...",
        }
        claim = await gateway.jobstore.queue.claim()
        await work(claim)
        await gateway.store.put(f"jobs/{job_id}/preview-1.jpg", b"preview", content_type="image/jpeg")
        step = update(JobStatus.TRANSFORMING, 0.95, step=3, total_steps=20, preview_key=f"jobs/{job_id}/preview-1.jpg")
        await claim.append(step)
        await gateway.complete(claim)
        messages, code = await messages_of(connection)
    assert code == 1000
    assert [(one["status"], one["message"]) for one in messages[:5]] == [
        ("analyzing", "Analyzing your room..."),
        ("detecting", "Detecting furniture..."),
        ("generating", "Generating control images..."),
        ("transforming", "Applying modern style..."),
        ("finalizing", "Finalizing your design..."),
    ]
    assert [one["progress"] for one in messages[:5]] == [0.1, 0.2, 0.3, 0.5, 0.9]
    assert (messages[5]["step"], messages[5]["total_steps"]) == (3, 20)
    assert (await gateway.http.get(messages[5]["preview_url"])).content == b"preview"
    assert [one["seq"] for one in messages] == [2, 3, 4, 5, 6, 7, 8]
    assert (messages[-1]["status"], messages[-1]["progress"]) == ("completed", 1.0)
    assert messages[-1]["message"] == "Your new room is ready!"
    polled = (await gateway.http.get(f"/transform/status/{job_id}")).json()["data"]["result"]
    assert _without_signatures(messages[-1]["result"]) == _without_signatures(polled)


def _without_signatures(value: Any) -> Any:
    """Links made in another second are signed differently."""
    if isinstance(value, str):
        return value.partition("?")[0]
    if isinstance(value, dict):
        return {name: _without_signatures(one) for name, one in value.items()}
    return [_without_signatures(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("after", [0, 1, 3, 6])
async def test_a_late_client_gets_what_it_missed(gateway: Gateway, after: int) -> None:
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    await work(claim)
    await gateway.complete(claim)
    async with socket(gateway, job_id, f"?after={after}" if after else "") as connection:
        messages, code = await messages_of(connection)
    assert [one["seq"] for one in messages] == list(range(after + 1, 8))
    assert code == 1000


async def test_a_client_that_has_everything_gets_nothing_more(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    async with socket(gateway, job_id, "?after=2") as connection:
        assert await messages_of(connection) == ([], 1000)


@pytest.mark.parametrize("after", [3, 1000, 2**53])
async def test_a_client_that_claims_more_than_there_is_gets_the_ending(gateway: Gateway, after: int) -> None:
    job_id = await gateway.submit(photo())
    async with socket(gateway, job_id, f"?after={after}") as early:
        await gateway.complete(await gateway.jobstore.queue.claim())
        async with socket(gateway, job_id, f"?after={after}") as late:
            for connection in (early, late):
                messages, code = await messages_of(connection)
                assert ([one["status"] for one in messages], code) == (["completed"], 1000)
    again = await gateway.http.get(f"/transform/events/{job_id}?after={after}")
    assert again.text.count('"status":"completed"') == again.text.count("data:") == 1


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        (
            Ending(
                status=JobStatus.FAILED, message="No room.", error='{"code":"X","message":"No room.","retryable":false}'
            ),
            "No room.",
        ),
        (None, "Your transformation was cancelled."),
    ],
)
async def test_other_endings(gateway: Gateway, ending: Ending | None, message: str) -> None:
    job_id = await gateway.submit(photo())
    async with socket(gateway, job_id) as connection:
        if ending:
            await (await gateway.jobstore.queue.claim()).finish(ending)
        else:
            assert (await gateway.http.delete(f"/transform/{job_id}")).status_code == 200
        messages, code = await messages_of(connection)
    assert (messages[-1]["message"], code) == (message, 1000)
    assert messages[-1]["status"] == ("failed" if ending else "cancelled")
    assert "result" not in messages[-1]


@pytest.mark.parametrize("job_id", ["7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11", "nonsense", "..%2f..", "x" * 3000])
async def test_an_unknown_job_closes_with_4404(gateway: Gateway, job_id: str) -> None:
    async with socket(gateway, job_id) as connection:
        assert await messages_of(connection) == ([], 4404)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "٣", str(2**53 + 1), "9" * 30])
async def test_a_malformed_position_closes_with_4400(gateway: Gateway, after: str) -> None:
    job_id = await gateway.submit(photo())
    async with socket(gateway, job_id, f"?after={after}") as connection:
        assert await messages_of(connection) == ([], 4400)
    answer = await gateway.http.get(f"/transform/events/{job_id}", headers={b"Last-Event-ID": after.encode()})
    assert (answer.status_code, answer.json()["field"]) == (422, "Last-Event-ID")


async def test_many_clients_of_one_job_all_get_everything(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    connections = [await socket(gateway, job_id, f"?after={number % 3}") for number in range(30)]
    claim = await gateway.jobstore.queue.claim()
    await work(claim)
    await gateway.complete(claim)
    for number, outcome in enumerate(await asyncio.gather(*map(messages_of, connections))):
        messages, code = outcome
        assert [one["seq"] for one in messages] == list(range(number % 3 + 1, 8))
        assert code == 1000


async def test_clients_that_leave_and_come_back(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    seen: list[dict[str, Any]] = []
    claim = await gateway.jobstore.queue.claim()
    for status, progress in WORK:
        async with socket(gateway, job_id, f"?after={len(seen)}") as connection:
            await claim.append(update(status, progress))
            while len(seen) == 0 or seen[-1]["status"] != status:
                seen.append(json.loads(await connection.recv()))
    await gateway.complete(claim)
    async with socket(gateway, job_id, f"?after={len(seen)}") as connection:
        seen += (await messages_of(connection))[0]
    assert [one["seq"] for one in seen] == list(range(1, 8))


async def test_a_client_that_talks_is_ignored_and_one_that_shouts_is_cut_off(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with socket(gateway, job_id) as connection:
        await connection.recv()
        for _ in range(50):
            await connection.send("hello")
        await gateway.complete(await gateway.jobstore.queue.claim())
        assert (await messages_of(connection))[1] == 1000
    second = await gateway.submit(photo())
    async with socket(gateway, second) as connection:
        await connection.recv()
        await connection.send("x" * 10_000)
        assert (await messages_of(connection))[1] == 1009


async def test_no_compression(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with connect(f"{gateway.url.replace('http', 'ws')}/ws/transform/{job_id}") as connection:
        assert connection.protocol.extensions == []
        assert connection.response is not None
        assert connection.response.headers["X-Request-ID"]


async def test_the_notifier_restarts_and_nothing_is_lost(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    async with gateway.start_notifier():
        connection = await socket(gateway, job_id)
        messages = [json.loads(await connection.recv())]
    await claim.append(update(JobStatus.ANALYZING, 0.1))
    async with gateway.start_notifier():
        messages.append(json.loads(await connection.recv()))
    await claim.append(update(JobStatus.DETECTING, 0.2))
    async with gateway.start_notifier():
        await gateway.complete(claim)
        rest, code = await messages_of(connection)
    assert [one["seq"] for one in messages + rest] == [1, 2, 3, 4]
    assert code == 1000


async def until_nobody_listens(port: int) -> None:
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionRefusedError):
            while True:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await asyncio.sleep(0.05)  # it goes on taking connections for a moment


async def test_sockets_may_finish_when_the_process_is_told_to_end(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    async with gateway.start_notifier():
        job_id = await gateway.submit(photo())
        connection = await socket(gateway, job_id)
        await connection.recv()
        stopping = asyncio.create_task(gateway.api.server.stop(drain_seconds=20))
        claim = await gateway.jobstore.queue.claim()
        await until_nobody_listens(gateway.api.server.port)
        await gateway.complete(claim)
        messages, code = await messages_of(connection)
        assert (messages[-1]["status"], code) == ("completed", 1000)
        await stopping
