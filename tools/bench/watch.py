"""How long an event takes from being written to being at a client, through notifier and gateway."""

import asyncio
import time
import uuid

import aiohttp

from deploy.local.stack import Stack
from servicekit.jobstore import Claim, Ending, JobStatus, NewJob, Update
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings, connect
from tools.bench.client import Client
from tools.bench.figures import Row, Samples

CLIENTS = (1, 100, 1000)
SECONDS = 10.0
CONNECT_SECONDS = 60.0
EVENTS_PER_SECOND = 100
JOBS = 20
"""Watched jobs; the clients are spread over them, so that an event reaches a twentieth of them."""


async def measure(stack: Stack) -> list[Row]:
    """Writes events with the worker's own code while clients watch over WebSocket; needs a stack without workers."""
    jobstore = connect(JobStoreSettings(redis_url=stack.layout.redis_url))
    try:
        return [await _with(clients, jobstore, stack.layout.url) for clients in CLIENTS]
    finally:
        await jobstore.queue.close()
        await jobstore.jobs.close()


async def _with(clients: int, jobstore: JobStoreClients, url: str) -> Row:
    claims = [await _running_job(jobstore) for _number in range(min(JOBS, clients))]
    written: dict[tuple[str, int], float] = {}
    samples = Samples()
    async with Client(url, connections=clients + 8) as client:
        ready = asyncio.Semaphore(0)
        watchers = [
            asyncio.create_task(_watch(client, claims[number % len(claims)].job.job_id, written, samples, ready))
            for number in range(clients)
        ]
        async with asyncio.timeout(CONNECT_SECONDS):
            for _client in range(clients):
                await ready.acquire()
        await _write(claims, written)
        for claim in claims:
            await claim.finish(Ending(status=JobStatus.FAILED, message="The benchmark is over."))
        await asyncio.gather(*watchers)
    rate = EVENTS_PER_SECOND * clients / len(claims)
    return Row(
        what=f"event written → WebSocket client has it, {clients} clients",
        figure=f"{samples.milliseconds()} ({rate:.0f} deliveries/s)",
    )


async def _running_job(jobstore: JobStoreClients) -> Claim:
    await jobstore.jobs.submit(NewJob(job_id=str(uuid.uuid4()), payload="{}", message="queued"), queue_limit=10_000)
    return await jobstore.queue.claim()


async def _watch(
    client: Client, job_id: str, written: dict[tuple[str, int], float], samples: Samples, ready: asyncio.Semaphore
) -> None:
    async with client.session.ws_connect(f"/ws/transform/{job_id}") as socket:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            now = time.perf_counter()
            event = message.json()
            if event["seq"] == 1:
                ready.release()
            elif (start := written.get((job_id, event.get("step", 0)))) is not None:
                samples.seconds.append(now - start)


async def _write(claims: list[Claim], written: dict[tuple[str, int], float]) -> None:
    """At a steady rate, each job in turn; an event is known by its step."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    total = int(SECONDS * EVENTS_PER_SECOND)
    for number in range(total):
        await asyncio.sleep(max(0.0, start + number / EVENTS_PER_SECOND - loop.time()))  # keeps the rate
        claim, step = claims[number % len(claims)], number // len(claims) + 1
        written[(claim.job.job_id, step)] = time.perf_counter()
        update = Update(status=JobStatus.TRANSFORMING, progress=0.5, message="step", step=step, total_steps=total)
        await claim.append(update)
