"""Notifiers that are killed while they deliver, and a store that is killed under them: every ending is told."""

import asyncio
import dataclasses
import os
import random
import secrets
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis

from deploy.local import ports
from servicekit.errors import Unavailable
from servicekit.joblog.redis import JobLog, JobLogSettings, connect
from servicekit.joblog.redis.store import Keys
from servicekit.testing.joblog import new_job
from servicekit.testing.valkey import Valkey
from tests.receivers import nothing, receiving, status

NOTIFIERS = 2
JOBS = int(os.environ.get("MODOMO_CHAOS_WEBHOOKS", "40"))
KILLS = max(4, JOBS // 10)


class Notifiers:
    """Some notifier processes, of which there are always as many as at first."""

    def __init__(self, settings: JobLogSettings, log: Path) -> None:
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


async def _end(joblog: JobLog, url: str) -> str:
    """A job that has ended, whatever the store does meanwhile."""
    job_id = str(uuid.uuid4())
    for act in (
        lambda: joblog.desk.submit(new_job(job_id=job_id, webhook_url=url), queue_limit=10_000),
        lambda: joblog.desk.cancel(job_id, message="Cancelled."),
    ):
        while True:
            try:
                await act()
                break
            except Unavailable:
                await asyncio.sleep(0.05)  # until the store is back
    return job_id


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_ending_goes_untold(own_valkey: Valkey, tmp_path: Path) -> None:
    chance = random.Random(5)
    settings = JobLogSettings(redis_url=own_valkey.url, joblog_namespace=f"chaos-{secrets.token_hex(4)}")
    joblog = connect(dataclasses.replace(settings))
    async with receiving() as receiver:
        receiver.replies = [
            chance.choice([status(200), status(200, after=0.3), status(503), nothing]) for _ in range(3 * JOBS)
        ]
        receiver.replies.append(status(200))
        notifiers = Notifiers(settings, tmp_path / "notifiers.log")
        try:
            job_ids = [await _end(joblog, receiver.url) for _ in range(JOBS // 2)]
            for kill in range(KILLS):
                told = len(receiver.received)
                await receiver.heard(told + 2)
                notifiers.kill(chance.randrange(NOTIFIERS))
                if kill == KILLS // 2:
                    await asyncio.to_thread(own_valkey.kill)
                    await asyncio.to_thread(own_valkey.start)
                job_ids += [await _end(joblog, receiver.url) for _ in range(JOBS // 2 // KILLS)]
            async with asyncio.timeout(200):
                while (await joblog.outbox.state()).pending:  # noqa: ASYNC110 - the notifiers write it and tell nobody
                    await asyncio.sleep(0.1)
        finally:
            notifiers.kill_all()
    attempts = Counter(request.headers["webhook-id"] for request in receiver.received)
    assert attempts.keys() == {f"msg_{job_id}" for job_id in job_ids}
    async with Redis.from_url(own_valkey.url) as redis:
        assert not await redis.exists(Keys(settings.joblog_namespace).lost), "whatever is done was taken with 200"
    print(
        f"{len(job_ids)} endings, {KILLS} kills, {attempts.total() - len(attempts)} attempts beyond the first of each"
    )
    for role in (joblog.desk, joblog.outbox):
        await role.close()
