"""Lists of jobs, waiting for an ending, what an answer's headers say, and `/v1`."""

import asyncio
from typing import Any

from gateway.api.auth import Scope
from gateway.api.auth.api_keys import draw
from gateway.api.auth.keys_command import as_toml
from servicekit.jobstore import Update
from servicekit.jobstore.values import JobStatus
from tests.fixtures.gateway import Gateway, StartGateway, photo


def form(**parts: str) -> dict[str, Any]:
    return {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"} | parts}


async def listed(gateway: Gateway, query: str = "", **headers: str) -> list[str]:
    """Ids over all pages."""
    ids: list[str] = []
    cursor = ""
    while True:
        answer = await gateway.http.get(f"/transform/jobs?limit=2{query}{cursor}", headers=headers)
        assert answer.status_code == 200, answer.text
        ids += [job["job_id"] for job in answer.json()["data"]]
        if answer.json()["next_cursor"] is None:
            return ids
        cursor = f"&cursor={answer.json()['next_cursor']}"


async def test_jobs_are_listed_newest_first_and_by_status(gateway: Gateway) -> None:
    ids = []
    for _ in range(5):
        ids.append(await gateway.submit(photo()))
        await asyncio.sleep(0.002)  # so that each has a moment of its own
    await gateway.complete(await gateway.jobstore.queue.claim())
    running = await gateway.jobstore.queue.claim()
    await running.append(Update(status=JobStatus.DETECTING, progress=0.2, message="…"))
    await gateway.http.delete(f"/transform/{ids[4]}")
    assert await listed(gateway) == ids[::-1]
    assert await listed(gateway, "&status=completed") == ids[:1]
    assert await listed(gateway, "&status=analyzing") == ids[1:2]
    assert await listed(gateway, "&status=queued") == ids[3:1:-1]
    assert await listed(gateway, "&status=cancelled") == ids[4:]
    assert await listed(gateway, "&status=failed") == []
    whole = (await gateway.http.get("/transform/jobs")).json()
    (first,) = [job for job in whole["data"] if job["job_id"] == ids[0]]
    assert first == (await gateway.http.get(f"/transform/status/{ids[0]}")).json()["data"]
    await gateway.http.delete(f"/transform/{ids[2]}?purge=true")
    assert await listed(gateway) == [ids[4], ids[3], ids[1], ids[0]]


async def test_odd_questions_are_refused_by_name(gateway: Gateway) -> None:
    limits = ("limit=0", "limit=101", "limit=x")
    cursors = ("cursor=x", "cursor=1.none", f"cursor={'1' * 99}", f"cursor={'9' * 15}.{'-' * 36}")
    for query in (*limits, *cursors, "status=done", "page=2"):
        answer = await gateway.http.get(f"/transform/jobs?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


async def test_jobs_of_others_are_not_listed(start_gateway: StartGateway) -> None:
    (anna, anna_record), (ben, ben_record) = (draw(name, tuple(Scope)) for name in ("anna", "ben"))
    gateway = await start_gateway(api_keys=f"{as_toml(anna_record)}\n{as_toml(ben_record)}")
    annas = await gateway.http.post("/transform/submit", **form(), headers={"X-API-Key": anna})
    assert await listed(gateway, **{"X-API-Key": anna}) == [annas.json()["job_id"]]
    assert await listed(gateway, **{"X-API-Key": ben}) == [], "admins list their own as well"
    assert (await gateway.http.get("/transform/jobs")).status_code == 401


async def test_where_the_status_is_and_whether_it_is_a_replay(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = [await gateway.http.post("/transform/submit", **form(), headers=headers) for _ in range(2)]
    assert first.headers["location"] == first.json()["status_url"] == second.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


async def test_waiting_ends_with_the_job(gateway: Gateway) -> None:
    waiting = asyncio.create_task(gateway.http.post("/transform/submit?wait=20", **form()))
    claim = await gateway.jobstore.queue.claim()
    job_id = claim.job.job_id
    asking = asyncio.create_task(gateway.http.get(f"/transform/status/{job_id}?wait=20"))
    await asyncio.sleep(0.05)  # both wait by now, most likely; the answer is the same where not
    assert not waiting.done()
    await gateway.complete(claim)
    submitted, status = await asyncio.wait_for(asyncio.gather(waiting, asking), 10)
    assert (submitted.status_code, status.status_code) == (200, 200)
    assert submitted.headers["location"].endswith(f"/transform/status/{job_id}")
    for answer in (submitted, status):
        assert (answer.json()["data"]["job_id"], answer.json()["data"]["status"]) == (job_id, "completed")
        assert (await gateway.http.get(answer.json()["data"]["result"]["transformed_url"])).content == b"transformed"


async def test_waiting_in_vain_answers_as_without(gateway: Gateway) -> None:
    answer = await gateway.http.post("/transform/submit?wait=0.05", **form())
    assert answer.status_code == 202
    assert set(answer.json()) == set((await gateway.http.post("/transform/submit", **form())).json())
    status = await gateway.http.get(f"/transform/status/{answer.json()['job_id']}?wait=0.05")
    assert status.json()["data"]["status"] == "queued"


async def test_waiting_where_nobody_tells_of_events_answers_as_without(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()  # and no notifier
    answer = await asyncio.wait_for(gateway.http.post("/transform/submit?wait=1", **form()), 10)
    assert answer.status_code == 202


async def test_how_long_is_bounded(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    for wait in ("-1", "61", "x", "nan", "inf"):
        for answer in (
            await gateway.http.post(f"/transform/submit?wait={wait}", **form()),
            await gateway.http.get(f"/transform/status/{job_id}?wait={wait}"),
        ):
            assert (answer.status_code, answer.json()["field"]) == (422, "wait")


async def test_v1_serves_the_same_routes(gateway: Gateway) -> None:
    submitted = await gateway.http.post("/v1/transform/submit", **form())
    assert submitted.status_code == 202
    job_id = submitted.json()["job_id"]
    assert submitted.headers["location"] == f"{gateway.url}/v1/transform/status/{job_id}"
    assert submitted.json()["websocket_url"].endswith(f"/v1/ws/transform/{job_id}")
    await gateway.complete(await gateway.jobstore.queue.claim())
    for path in (f"/v1/transform/status/{job_id}", f"/transform/status/{job_id}"):
        answer = await gateway.http.get(path)
        assert answer.json()["data"]["status"] == "completed"
        link = answer.json()["data"]["result"]["transformed_url"]
        assert (await gateway.http.get(link)).content == b"transformed"
    events = await gateway.http.get(f"/v1/transform/events/{job_id}")
    assert "completed" in events.text
    unknown = (await gateway.http.get("/v1/nowhere")).json()
    assert (unknown["code"], unknown["type"]) == ("NOT_FOUND", f"{gateway.url}/v1/errors/NOT_FOUND")
    assert (await gateway.http.get("/v1/openapi.json")).json()["servers"] == [{"url": f"{gateway.url}/v1"}]
    assert (await gateway.http.get("/v1")).status_code == 200
    for odd in ("/v1x/health", "/v2/health", "/v1/v1/health"):
        assert (await gateway.http.get(odd)).status_code == 404, odd


async def test_v1_keeps_the_public_address(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(public_url="https://rooms.example/api/")
    submitted = (await gateway.http.post("/v1/transform/submit", **form())).json()
    assert submitted["status_url"].startswith("https://rooms.example/api/v1/transform/status/")
    assert submitted["websocket_url"].startswith("wss://rooms.example/api/v1/ws/transform/")
