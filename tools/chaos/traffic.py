"""Jobs in work and clients that watch them, while something fails."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp

from tools.chaos.invariants import all_ended, completed_with_all_objects
from tools.chaos.system import System


@asynccontextmanager
async def jobs_in_mid_work(target: System, jobs: int) -> AsyncIterator[Sequence[str]]:
    """Something happens while jobs are in work and clients watch: all complete, and nobody misses an event."""
    job_ids = await target.submit(jobs)
    watching = [asyncio.create_task(watch(target, job_id)) for job_id in job_ids]
    try:
        before = len(target.steps())
        while len(target.steps()) == before:  # noqa: ASYNC110 - the engine writes from another process
            await asyncio.sleep(0.02)
        yield job_ids
        await all_ended(target, job_ids, seconds=240)
        await completed_with_all_objects(target, job_ids)
        async with asyncio.timeout(60):
            seen = await asyncio.gather(*watching)
        for job_id, seqs in zip(job_ids, seen, strict=True):
            assert seqs == list(range(1, len(seqs) + 1)), f"{job_id}: {seqs}"
            assert len(seqs) == len(await target.jobstore.events.read(job_id))
    finally:
        for task in watching:
            task.cancel()


async def watch(target: System, job_id: str) -> list[int]:
    """The numbers of all events that a client gets that connects again whenever it has to."""
    seqs: list[int] = []
    while True:
        with suppress(aiohttp.ClientError):
            async with target.client.session.ws_connect(
                f"/ws/transform/{job_id}?after={seqs[-1] if seqs else 0}"
            ) as socket:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    event = json.loads(message.data)
                    seqs.append(event["seq"])
                    if event["status"] in ("completed", "failed", "cancelled"):
                        return seqs
        await asyncio.sleep(0.2)  # before connecting again


async def ready(target: System) -> bool:
    """What `/health/ready` says; `/health/live` must always be well."""
    async with target.client.session.get("/health/live") as live, target.client.session.get("/health/ready") as ready:
        assert live.status == 200
        return ready.status == 200


async def until_ready(target: System, *, says: bool = True) -> None:
    """Waits until `/health/ready` says so."""
    async with asyncio.timeout(60):
        while await ready(target) is not says:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.1)
