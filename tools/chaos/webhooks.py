"""Notifiers that are killed while they deliver, and a store that is killed under them: every ending is told."""

import asyncio
import os
import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from deploy.local import ports
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings, connect
from servicekit.jobstore.redis.connection import Keys
from tests.fixtures.jobstore import new_job
from tests.fixtures.valkey import Valkey
from tests.fixtures.webhook_receivers import Receiver, Reply, nothing, receiving, status

NOTIFIERS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much."""

    jobs: int
    kills: int
    """Of a notifier in mid-delivery; the store is killed once, half-way."""


LONG: Final = Plan(jobs=300, kills=30)
SHORT: Final = Plan(jobs=24, kills=3)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What came of it."""

    endings: int
    attempts: int
    """Requests that the receiver saw, those included that it did not take."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Delivered:
    """Raises AssertionError where an ending was not taken by its receiver; `data` is a directory to be made."""
    store = Valkey(data)
    store.start()
    settings = JobStoreSettings(redis_url=store.url, joblog_namespace="chaos")
    jobstore = connect(settings)
    try:
        async with receiving() as receiver:
            receiver.replies = _flaky_replies(plan)
            notifiers = Notifiers(settings, data / "notifiers.log")
            try:
                job_ids = await _disturb(plan, jobstore, receiver, notifiers=notifiers, store=store, tell=tell)
                async with asyncio.timeout(300):
                    while pending := (await jobstore.outbox.state()).pending:
                        tell(f"{pending} left")
                        await asyncio.sleep(0.2)  # the notifiers write it down and tell nobody
            finally:
                notifiers.kill_all()
        attempts = Counter(request.headers["webhook-id"] for request in receiver.received)
        assert attempts.keys() == {f"msg_{job_id}" for job_id in job_ids}
        async with Redis.from_url(store.url) as redis:
            assert not await redis.exists(Keys("chaos").dead_deliveries), "whatever is done was taken with 200"
        return Delivered(endings=len(job_ids), attempts=attempts.total())
    finally:
        for role in (jobstore.jobs, jobstore.outbox):
            await role.close()
        await asyncio.to_thread(store.kill)


class Notifiers:
    """Some notifier processes, of which there are always as many as at first."""

    def __init__(self, settings: JobStoreSettings, log: Path) -> None:
        self._log = log
        self._environ = os.environ | {
            "MODOMO_REDIS_URL": settings.redis_url,
            "MODOMO_JOBLOG_NAMESPACE": settings.joblog_namespace,
            "MODOMO_WEBHOOK_SECRETS": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MODOMO_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",
            "MODOMO_NOTIFIER_WEBHOOK_TIMEOUT_SECONDS": "1",
            "MODOMO_NOTIFIER_WEBHOOK_RETRY_SECONDS": ",".join(["0.2"] * 50),
            "MODOMO_NOTIFIER_WEBHOOK_PER_RECEIVER": "2",
        }
        self._processes = [self._start() for _ in range(NOTIFIERS)]

    def kill(self, index: int) -> None:
        """Kills one at once; another one takes its place."""
        self._processes[index].kill()
        self._processes[index].wait()
        self._processes[index] = self._start()

    def kill_all(self) -> None:
        """Ends them for good."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        (port,) = ports.free(1)
        with self._log.open("ab") as log:
            environ = self._environ | {"MODOMO_NOTIFIER_LISTEN": f"127.0.0.1:{port}"}
            return subprocess.Popen([sys.executable, "-m", "notifier"], env=environ, stdout=log, stderr=log)


def _flaky_replies(plan: Plan) -> list[Reply]:
    """A receiver's replies: half of the first ones are failures."""
    chance = random.Random(5)
    replies = [status(200), status(200, after=0.3), status(503), nothing]
    return [*(chance.choice(replies) for _ in range(3 * plan.jobs)), status(200)]


async def _disturb(
    plan: Plan,
    jobstore: JobStoreClients,
    receiver: Receiver,
    *,
    notifiers: Notifiers,
    store: Valkey,
    tell: Callable[[str], None],
) -> list[str]:
    """Ends jobs while notifiers are killed in mid-delivery; returns their ids."""
    chance = random.Random(7)
    later = plan.jobs // 2
    job_ids = [await _end(jobstore, receiver.url) for _ in range(plan.jobs - later)]
    for kill in range(plan.kills):
        tell(f"{kill + 1} of {plan.kills} kills")
        await receiver.heard(len(receiver.received) + 2)
        notifiers.kill(chance.randrange(NOTIFIERS))
        if kill == plan.kills // 2:
            await asyncio.to_thread(store.kill)
            await asyncio.to_thread(store.start)
        share = later * (kill + 1) // plan.kills - later * kill // plan.kills
        job_ids += [await _end(jobstore, receiver.url) for _ in range(share)]
    return job_ids


async def _end(jobstore: JobStoreClients, url: str) -> str:
    """A job that has ended, whatever the store does meanwhile."""
    job_id = str(uuid.uuid4())
    for act in (
        lambda: jobstore.jobs.submit(new_job(job_id=job_id, webhook_url=url), queue_limit=10_000),
        lambda: jobstore.jobs.cancel(job_id, message="Cancelled."),
    ):
        while True:
            try:
                await act()
                break
            except Unavailable:
                await asyncio.sleep(0.05)  # until the store is back
    return job_id
