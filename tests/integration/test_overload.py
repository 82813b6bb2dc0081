"""More work than a system of real processes can do: who waits, who is refused, and who is served when."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.jobs.result import decode_error
from servicekit.jobstore import Job, JobStatus, JobStore
from servicekit.jobstore.redis import JobStoreSettings, connect
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.gateway import StartGateway, photo
from tests.fixtures.local_stack import StartStack
from tools.bench.pipeline import NOOP

pytestmark = pytest.mark.slow

HEAVY, LIGHT, BATCH = 60, 6, 10


async def submit(http: httpx.AsyncClient, holder: KeyHolder, **parts: str) -> httpx.Response:
    form: dict[str, Any] = {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"} | parts}
    return await http.post("/transform/submit", **form, headers=holder.headers)


async def accepted(http: httpx.AsyncClient, holder: KeyHolder, number: int, **parts: str) -> list[str]:
    answers = [await submit(http, holder, **parts) for _ in range(number)]
    assert {answer.status_code for answer in answers} == {202}
    return [answer.json()["job_id"] for answer in answers]


async def ended(job_store: JobStore, job_ids: Sequence[str]) -> list[Job]:
    async with asyncio.timeout(100):
        while True:
            jobs = [await job_store.get(job_id) for job_id in job_ids]
            if all(job.ended_at for job in jobs):
                return jobs
            await asyncio.sleep(0.2)  # workers are other processes


async def test_one_heavy_user_and_a_batch_do_not_starve_a_light_user(start_stack: StartStack, tmp_path: Path) -> None:
    heavy, light, archive = key_holder("heavy"), key_holder("light"), key_holder("archive", batch=True)
    keys = tmp_path / "keys.toml"
    keys.write_text(key_file(heavy, light, archive))
    overrides = {"MODOMO_GATEWAY_API_KEYS_FILE": str(keys), "MODOMO_GATEWAY_UNITS_PER_MINUTE": "1000000"}
    async with (
        start_stack(workers=0, modules=NOOP, overrides=overrides) as stack,
        httpx.AsyncClient(base_url=stack.layout.url, timeout=30) as http,
    ):
        job_store = connect(JobStoreSettings(redis_url=stack.layout.redis_url)).jobs
        batch_ids = await accepted(http, archive, BATCH)
        heavy_ids = await accepted(http, heavy, HEAVY)
        light_ids = await accepted(http, light, LIGHT)
        place = (await job_store.get(light_ids[0])).queue_position
        assert place <= 3, "a newcomer is told the place that it gets"
        stack.layout = dataclasses.replace(stack.layout, workers=1)
        await stack.start_child("worker-1")
        jobs = await ended(job_store, [*batch_ids, *heavy_ids, *light_ids])
        await job_store.close()
    assert {job.status for job in jobs} == {JobStatus.COMPLETED}
    order = [job.tenant for job in sorted(jobs, key=lambda job: job.started_at or job.created_at)]
    assert order.index("key:light") <= 3
    last_light = len(order) - 1 - order[::-1].index("key:light")
    assert last_light <= 2 * LIGHT + 3, "they took turns, although all of the heavy user's came before"
    first_batch = order.index("key:archive")
    assert first_batch >= 2 * LIGHT, "whoever looks at a screen goes first"
    assert first_batch < len(order) - BATCH, "and no batch waits for the last of them"


async def test_beyond_the_bounds_of_the_queue_503_says_when_to_come_back(start_gateway: StartGateway) -> None:
    heavy, light = key_holder("heavy"), key_holder("light")
    gateway = await start_gateway(
        api_keys=key_file(heavy, light), queue_limit=8, owner_queue_limit=5, units_per_minute=10**6
    )
    answers = await asyncio.gather(*(submit(gateway.http, heavy) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] * 5 + [503] * 7, "exactly as many as may wait, however many ask at once"
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["code"] == "TOO_MANY_WAITING"
            assert answer.json()["retryable"] is True
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    others = await asyncio.gather(*(submit(gateway.http, light) for _ in range(5)))
    assert sorted(answer.status_code for answer in others) == [202] * 3 + [503] * 2
    assert {answer.json()["code"] for answer in others if answer.status_code == 503} == {"QUEUE_FULL"}
    claim = await gateway.jobstore.queue.claim()
    assert (await submit(gateway.http, light)).status_code == 202
    await claim.retry(delay_seconds=0)
    stored = {key.split("/")[1] async for key in gateway.store.list("jobs/")}
    assert len(stored) == 9, "nothing is kept of what was refused"


async def test_a_batch_may_wait_longer(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(wait_seconds=0.2, batch_wait_seconds=600.0)
    form = {"file": ("room.jpg", photo())}
    hasty, patient = [
        (
            await gateway.http.post("/transform/submit", files=form, data={"style": "modern", "priority": priority})
        ).json()
        for priority in ("interactive", "batch")
    ]
    async with gateway.jobstore.events.announcements():  # which does the upkeep
        (failed,) = await ended(gateway.jobstore.jobs, [hasty["job_id"]])
    assert failed.status is JobStatus.FAILED
    assert decode_error(failed.error).code == "WAITED_TOO_LONG"
    assert (await gateway.jobstore.jobs.get(patient["job_id"])).status is JobStatus.QUEUED
    wrong = await gateway.http.post("/transform/submit", files=form, data={"style": "modern", "priority": "now"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "priority")
