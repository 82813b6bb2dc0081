"""A job's events as Server-Sent Events."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from servicekit.jobstore import Claim, JobStatus, Update
from tests.fixtures.gateway import Gateway, photo


async def server_sent(lines: AsyncIterator[str]) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Ids and messages."""
    event_id = 0
    async for line in lines:
        if line.startswith("id: "):
            event_id = int(line.removeprefix("id: "))
        elif line.startswith("data: "):
            yield event_id, json.loads(line.removeprefix("data: "))


async def work(claim: Claim) -> None:
    """Five events."""
    for step in range(1, 6):
        await claim.append(Update(status=JobStatus.TRANSFORMING, progress=0.5 + step / 20, message="…"))


async def test_server_sent_events(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    path = f"/transform/events/{job_id}"
    async with gateway.http.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        events = server_sent(answer.aiter_lines())
        assert (await anext(events))[1]["status"] == "queued"
        claim = await gateway.jobstore.queue.claim()
        await work(claim)
        await gateway.complete(claim)
        rest = [event async for event in events]
    assert [event_id for event_id, _message in rest] == [2, 3, 4, 5, 6, 7]
    assert [message["seq"] for _event_id, message in rest] == [2, 3, 4, 5, 6, 7]
    assert rest[-1][1]["result"]["metadata"]["quality_score"] == 0.92
    resumed = await gateway.http.get(path, headers={"Last-Event-ID": "5"})
    assert [line for line in resumed.text.splitlines() if line.startswith("id")] == ["id: 6", "id: 7"]
    assert (await gateway.http.get(path, headers={"Last-Event-ID": "7"})).status_code == 204
    assert resumed.headers["x-accel-buffering"] == "no"


async def test_server_sent_events_after_an_event(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    await work(claim)
    await gateway.complete(claim)
    path = f"/transform/events/{job_id}"
    first = await gateway.http.get(f"{path}?after=5")
    assert [line for line in first.text.splitlines() if line.startswith("id")] == ["id: 6", "id: 7"]
    again = await gateway.http.get(f"{path}?after=5", headers={"Last-Event-ID": "6"})  # as an EventSource comes back
    assert [line for line in again.text.splitlines() if line.startswith("id")] == ["id: 7"]
    assert (await gateway.http.get(f"{path}?after=7")).status_code == 204
    wrong = await gateway.http.get(f"{path}?after=x")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "after")


async def test_server_sent_events_stop_for_a_client_that_leaves(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with (
        httpx.AsyncClient(base_url=gateway.url) as client,
        client.stream("GET", f"/transform/events/{job_id}") as answer,
    ):
        await anext(server_sent(answer.aiter_lines()))
    await gateway.complete(await gateway.jobstore.queue.claim())
    assert (await gateway.http.get(f"/transform/status/{job_id}")).json()["data"]["status"] == "completed"
