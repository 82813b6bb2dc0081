"""Redis on Sentinel and as a Cluster: its primary killed or frozen in mid-job, and another takes its place.

Replicas must have what counts as done here (`MODOMO_REDIS_WAIT_REPLICAS=1`), so that not a single job may be lost.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from tests.fixtures.valkey_failover import ClusterValkey, ReplicatedValkey, SentinelValkey, running
from tools.bench.figures import Samples
from tools.bench.photos import small_photo
from tools.chaos.invariants import all_ended, completed_with_all_objects
from tools.chaos.system import System, system
from tools.chaos.traffic import jobs_in_mid_work, until_ready

KINDS: Final[dict[str, Callable[[Path], ReplicatedValkey]]] = {"Sentinel": SentinelValkey, "Cluster": ClusterValkey}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often the primary goes."""

    failovers: int
    """Of each kind; every third time the primary is frozen and wakes up late, else it is killed."""
    jobs: int
    """In mid-work and watched, each time."""
    clients: int
    """That submit all the time, and again where they are refused."""
    pause_seconds: float
    """Between two submissions of a client."""


LONG: Final = Plan(failovers=9, jobs=6, clients=2, pause_seconds=2.0)
SHORT: Final = Plan(failovers=1, jobs=2, clients=1, pause_seconds=0.5)


@dataclass(kw_only=True)
class Failovers:
    """What came of it."""

    failovers: int = 0
    jobs: int = 0
    """That completed, each once."""
    refused: int = 0
    """Submissions that were answered 503 and came again."""
    moved: Samples = field(default_factory=Samples)
    """From the end of a primary to the next that takes writes."""
    resumed: Samples = field(default_factory=Samples)
    """From there to the first event that a worker wrote."""


async def run(plan: Plan, data: Path, kind: str, *, tell: Callable[[str], None] = lambda _: None) -> Failovers:
    """Raises AssertionError where a job was lost, ended twice or differently, or a stream had a gap."""
    done = Failovers()
    async with running(KINDS[kind](data / "valkey")) as store:
        overrides = {"MODOMO_REDIS_WAIT_REPLICAS": "1", "MODOMO_REDIS_TIMEOUT_SECONDS": "2"}
        async with system(
            data, workers=2, idle_seconds=2.0, step_seconds=0.1, redis_url=store.url, overrides=overrides
        ) as hurt:
            stop, job_ids = asyncio.Event(), list[str]()
            clients = [asyncio.create_task(_client(hurt, plan, stop, job_ids, done)) for _ in range(plan.clients)]
            try:
                for number in range(plan.failovers):
                    freeze = number % 3 == 2
                    tell(f"{kind}: primary {'frozen' if freeze else 'killed'}, {number + 1} of {plan.failovers}")
                    await _fail_over(store, hurt, plan, done, freeze=freeze)
                stop.set()
                await asyncio.gather(*clients)
            finally:
                for client in clients:
                    client.cancel()
            await all_ended(hurt, job_ids, seconds=240)
            await completed_with_all_objects(hurt, job_ids)
            done.jobs += len(job_ids)
            state = await hurt.jobstore.jobs.queue_state()
            assert (state.waiting, state.running, state.delayed) == (0, 0, 0)
    return done


async def _fail_over(store: ReplicatedValkey, hurt: System, plan: Plan, done: Failovers, *, freeze: bool) -> None:
    await store.until_replicated()
    await until_ready(hurt)
    async with jobs_in_mid_work(hurt, plan.jobs) as job_ids:
        former, since = await store.primary(), time.time()
        if freeze:
            former.pause()
        else:
            await former.kill()
        await store.until_moved(former)
        moved = time.time()
        if freeze:
            await asyncio.sleep(2.0)  # it wakes up late
            former.resume()
        else:
            await former.start()
    logs = [await hurt.jobstore.events.read(job_id) for job_id in job_ids]
    times = [event.timestamp.timestamp() for log in logs for event in log if not event.terminal]
    done.moved.seconds.append(moved - since)
    done.resumed.seconds.append(max(0.0, min((at for at in times if at > since + 0.5), default=moved) - moved))
    done.jobs += plan.jobs
    done.failovers += 1


async def _client(hurt: System, plan: Plan, stop: asyncio.Event, job_ids: list[str], done: Failovers) -> None:
    """Submits with a key of its own each time, so that a repeated submission makes no second job."""
    photo = await asyncio.to_thread(small_photo)
    while not stop.is_set():
        key = {"Idempotency-Key": str(uuid.uuid4())}
        while True:
            form = aiohttp.FormData({"style": "modern"})
            form.add_field("file", photo, filename="room.jpg", content_type="image/jpeg")
            async with hurt.client.session.post("/transform/submit", data=form, headers=key) as answer:
                if answer.status == 202:
                    job_ids.append((await answer.json())["job_id"])
                    break
                assert (answer.status, "Retry-After" in answer.headers) == (503, True), await answer.text()
                done.refused += 1
            await asyncio.sleep(0.5)  # as a patient client does
        await asyncio.sleep(plan.pause_seconds)
