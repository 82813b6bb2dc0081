"""Clients that reconnect all the time, clients that stop reading, and what both cost the others."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from servicekit.jobstore import Claim, Ending, JobStatus, NewJob, Update
from tools.bench.figures import Samples
from tools.bench.machine import resident_megabytes
from tools.chaos.invariants import completed_with_all_objects
from tools.chaos.system import System, system

_FILLER: Final = "x" * 6000
_FILLING_EVENTS: Final = 100
"""Of `_FILLER` each: more than kernel and gateway keep for a client together."""
_EVENTS_PER_SECOND: Final = 50
_SETTLE_SECONDS: Final = 3.0
_CONNECT_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many there are."""

    jobs: int
    clients_a_job: int
    """Who reconnect after every few events."""
    silent: int
    """Clients that never read; 0 leaves them out."""
    attentive: int
    """Clients whose latency is measured meanwhile."""
    seconds: float
    """Of each measurement."""


LONG: Final = Plan(jobs=20, clients_a_job=5, silent=500, attentive=50, seconds=6.0)
SHORT: Final = Plan(jobs=2, clients_a_job=4, silent=0, attentive=0, seconds=0.0)


@dataclass(kw_only=True)
class Following:
    """What came of it."""

    reconnects: int = 0
    alone: Samples = field(default_factory=Samples)
    """From an event's writing to its arrival at attentive clients, without silent ones."""
    beside_silent: Samples = field(default_factory=Samples)
    """With them."""
    kilobytes_a_silent_client: float = 0.0
    """By which the gateway grew beyond what their connections take, all that they share included."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Following:
    """Raises AssertionError where a client missed an event or got one twice, or a job did not complete."""
    done = Following()
    async with system(data / "a", workers=1, idle_seconds=6.0, step_seconds=0.1) as target:
        job_ids = await target.submit(plan.jobs)
        chance = random.Random(5)
        clients = [
            asyncio.create_task(_reconnecting(target, job_id, random.Random(chance.random()), done, tell))
            for job_id in job_ids
            for _ in range(plan.clients_a_job)
        ]
        everything = await asyncio.gather(*clients)
        await completed_with_all_objects(target, job_ids)
        for job_id, seqs in zip([one for one in job_ids for _ in range(plan.clients_a_job)], everything, strict=True):
            assert seqs == list(range(1, len(await target.jobstore.events.read(job_id)) + 1)), job_id
    if plan.silent:
        # all are of one address, which may hold half of the streams
        limit = {"MODOMO_GATEWAY_STREAM_LIMIT": str(4 * (plan.silent + plan.attentive))}
        async with system(data / "b", workers=0, idle_seconds=6.0, step_seconds=0.1, overrides=limit) as target:
            await _beside_silent_clients(plan, target, done, tell)
    return done


async def _reconnecting(
    target: System, job_id: str, chance: random.Random, done: Following, tell: Callable[[str], None]
) -> list[int]:
    """Leaves after one to three events and comes back with the last number, over WebSocket and SSE in turn."""
    seqs: list[int] = []
    while True:
        wanted = len(seqs) + chance.randint(1, 3)
        read = _over_websocket if done.reconnects % 2 else _over_sse
        if await read(target, job_id, seqs, wanted):
            return seqs
        done.reconnects += 1
        tell(f"{done.reconnects} reconnects")


async def _over_websocket(target: System, job_id: str, seqs: list[int], wanted: int) -> bool:
    after = seqs[-1] if seqs else 0
    async with target.client.session.ws_connect(f"/ws/transform/{job_id}?after={after}") as connection:
        async for message in connection:
            event = message.json()
            seqs.append(event["seq"])
            if event["status"] == "completed":
                return True
            if len(seqs) >= wanted:
                return False
    raise AssertionError("the stream ended early")


async def _over_sse(target: System, job_id: str, seqs: list[int], wanted: int) -> bool:
    headers = {"Last-Event-ID": str(seqs[-1])} if seqs else {}
    async with target.client.session.get(f"/transform/events/{job_id}", headers=headers) as answer:
        async for line in answer.content:
            if line.startswith(b"id: "):
                seqs.append(int(line[4:]))
            if line.startswith(b"data: ") and b'"status":"completed"' in line:
                return True
            if line == b"\n" and len(seqs) >= wanted:
                return False
    raise AssertionError("the stream ended early")


async def _beside_silent_clients(plan: Plan, target: System, done: Following, tell: Callable[[str], None]) -> None:
    ignored = await _claim(target)
    tell(f"{plan.attentive} clients alone")
    await _measure(plan, target, [await _claim(target)], done.alone)
    tell(f"{plan.silent} clients that do not read")
    with ExitStack() as connections:
        for _ in range(plan.silent):
            connections.enter_context(await asyncio.to_thread(_silent, target, ignored.job.job_id))
        before = resident_megabytes(target.pid("gateway"))
        for _ in range(_FILLING_EVENTS):
            await ignored.append(Update(status=JobStatus.ANALYZING, progress=0.1, message=_FILLER))
        await asyncio.sleep(_SETTLE_SECONDS)  # until every buffer is full
        await _measure(plan, target, [await _claim(target), ignored], done.beside_silent)
        grown = resident_megabytes(target.pid("gateway")) - before
    done.kilobytes_a_silent_client = grown * 1024 / plan.silent
    await ignored.finish(Ending(status=JobStatus.FAILED, message="Over."))


async def _claim(target: System) -> Claim:
    job_id = f"00000000-0000-4000-8000-{random.randrange(16**12):012x}"
    await target.jobstore.jobs.submit(NewJob(job_id=job_id, payload="{}", message="queued"), queue_limit=10)
    return await target.jobstore.queue.claim()


def _silent(target: System, job_id: str) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", target.stack.layout.port))
    client.sendall(
        f"GET /ws/transform/{job_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    client.recv(12)
    return client


async def _measure(plan: Plan, target: System, claims: Sequence[Claim], samples: Samples) -> None:
    """Writes events to jobs at a steady rate, of which the first is watched."""
    written: dict[int, float] = {}
    ready = asyncio.Semaphore(0)
    async with aiohttp.ClientSession(target.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        watching = [
            asyncio.create_task(_attentive(session, claims[0].job.job_id, written, samples, ready))
            for _ in range(plan.attentive)
        ]
        async with asyncio.timeout(_CONNECT_SECONDS):
            for _ in watching:
                await ready.acquire()
        loop = asyncio.get_running_loop()
        start, total = loop.time(), int(plan.seconds * _EVENTS_PER_SECOND)
        first = random.randrange(10**6)  # steps of an earlier measurement are known by other numbers
        for number in range(first, first + total):
            await asyncio.sleep(max(0.0, start + (number - first) / _EVENTS_PER_SECOND - loop.time()))  # the rate
            update = Update(status=JobStatus.TRANSFORMING, progress=0.5, message="", step=number, total_steps=10**7)
            written[number] = time.perf_counter()
            for claim in claims:
                await claim.append(update)
        await asyncio.sleep(0.5)  # the last ones arrive
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _attentive(
    session: aiohttp.ClientSession, job_id: str, written: dict[int, float], samples: Samples, ready: asyncio.Semaphore
) -> None:
    async with session.ws_connect(f"/ws/transform/{job_id}") as connection:
        async for message in connection:
            now, event = time.perf_counter(), message.json()
            if event["seq"] == 1:
                ready.release()
            if (start := written.get(event.get("step", -1))) is not None:
                samples.seconds.append(now - start)
