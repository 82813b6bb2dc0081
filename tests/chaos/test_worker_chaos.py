"""Worker processes that are killed and stopped in mid-work, and a store that is killed under them: no job is lost,
each ends exactly once, its log has no gap and its progress never goes down.
"""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from servicekit.errors import FailedPrecondition, Unavailable
from servicekit.joblog import Event, JobStatus
from servicekit.joblog.redis import JobLog, JobLogSettings, connect
from servicekit.testing.joblog import new_job
from servicekit.testing.valkey import Valkey

WORKER = Path(__file__).with_name("chaos_worker.py")
IDLE_SECONDS = 1.0
EVENTS_A_KILL = 50


class Workers:
    """Some worker processes, of which there are always as many as at first."""

    def __init__(self, number: int, settings: JobLogSettings, outcomes: Path, *, steps: int, seconds: float) -> None:
        self._command = [sys.executable, str(WORKER), str(steps), str(seconds)]
        self._environ = os.environ | {
            "MODOMO_REDIS_URL": settings.redis_url,
            "MODOMO_JOBLOG_NAMESPACE": settings.joblog_namespace,
            "MODOMO_JOBLOG_IDLE_SECONDS": str(settings.joblog_idle_seconds),
            "MODOMO_JOBLOG_MAX_DELIVERIES": str(settings.joblog_max_deliveries),
        }
        self._outcomes = outcomes
        self._processes = [self._start() for _ in range(number)]

    def kill(self, index: int) -> None:
        """Kills one at once; another one takes its place."""
        self._processes[index].kill()
        self._processes[index].wait()
        self._processes[index] = self._start()

    def signal(self, index: int, number: signal.Signals) -> None:
        """Sends a signal to one."""
        self._processes[index].send_signal(number)

    def kill_all(self) -> None:
        """Ends them for good."""
        for process in self._processes:
            process.kill()
            process.wait()

    def outcomes(self) -> Counter[str]:
        """How often a worker said what of a job."""
        return Counter(self._outcomes.read_text().split())

    def _start(self) -> subprocess.Popen[bytes]:
        with self._outcomes.open("ab") as outcomes:
            return subprocess.Popen(self._command, env=self._environ, stdout=outcomes)


@contextmanager
def working(
    number: int, settings: JobLogSettings, folder: Path, *, steps: int = 10, seconds: float = 0.05
) -> Iterator[Workers]:
    """Workers that are gone afterwards."""
    workers = Workers(number, settings, folder / "outcomes", steps=steps, seconds=seconds)
    try:
        yield workers
    finally:
        workers.kill_all()


async def submit(joblog: JobLog, number: int) -> list[str]:
    jobs = [new_job(payload=str(index)) for index in range(number)]
    for job in jobs:
        await joblog.desk.submit(job, queue_limit=10_000)
    return [job.job_id for job in jobs]


async def all_ended(joblog: JobLog, job_ids: Sequence[str], *, seconds: float) -> list[Sequence[Event]]:
    """Waits for every job's ending; the logs."""
    unended = set(job_ids)
    async with asyncio.timeout(seconds):
        while unended:
            unended -= {job_id for job_id in unended if (await joblog.events.read(job_id))[-1].terminal}
            await asyncio.sleep(0.2)  # workers are other processes; an outage of the store must not disturb the count
    return [await joblog.events.read(job_id) for job_id in job_ids]


def assert_orderly(events: Sequence[Event]) -> None:
    """One ending, the last event; numbers without a gap; progress that never goes down."""
    assert [event.terminal for event in events] == [False] * (len(events) - 1) + [True]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    progress = [event.progress for event in events]
    assert progress == sorted(progress)


async def kill_now_and_then(workers: Workers, indices: Sequence[int], joblog: JobLog, chance: random.Random) -> None:
    """Kills one whenever some work has been done, however fast that goes here, until it is cancelled."""
    async with joblog.events.announcements() as announced:
        done = 0
        async for _event in announced:
            done += 1
            if done % EVENTS_A_KILL == 0:
                workers.kill(chance.choice(indices))


async def stop_now_and_then(workers: Workers, index: int) -> None:
    """Stops one for long enough that another takes its job over, until it is cancelled."""
    while True:
        await asyncio.sleep(1.0)  # it takes a job
        workers.signal(index, signal.SIGSTOP)
        await asyncio.sleep(IDLE_SECONDS * 2.5)  # and sleeps
        workers.signal(index, signal.SIGCONT)


async def cancel_now_and_then(joblog: JobLog, job_ids: Sequence[str]) -> set[str]:
    """Cancels these jobs one by one; those for which it did not come too late."""
    accepted = set()
    for job_id in job_ids:
        await asyncio.sleep(0.5)  # so that some wait, some run, and some have ended
        with suppress(FailedPrecondition):
            await joblog.desk.cancel(job_id, message="Cancelled.")
            accepted.add(job_id)
    return accepted


@pytest.mark.slow
async def test_killed_and_stopped_workers_end_every_job_once(valkey_server: Valkey, tmp_path: Path) -> None:
    settings = JobLogSettings(
        redis_url=valkey_server.url,
        joblog_namespace=f"chaos-{secrets.token_hex(4)}",
        joblog_idle_seconds=IDLE_SECONDS,
        joblog_max_deliveries=50,
    )
    joblog = connect(settings)
    job_ids = await submit(joblog, 80)
    with working(4, settings, tmp_path) as workers:
        chaos = [
            asyncio.create_task(kill_now_and_then(workers, (0, 1, 2), joblog, random.Random(11))),
            asyncio.create_task(stop_now_and_then(workers, 3)),
        ]
        cancelled = await cancel_now_and_then(joblog, job_ids[::8])
        logs = await all_ended(joblog, job_ids, seconds=60)
        for task in chaos:
            task.cancel()
        outcomes = workers.outcomes()

    for events in logs:
        assert_orderly(events)
    records = [await joblog.desk.get(job_id) for job_id in job_ids]
    assert {record.job_id for record in records if record.status is JobStatus.CANCELLED} == cancelled
    assert all(
        record.status is JobStatus.COMPLETED and record.result == f'"{record.payload}"'
        for record in records
        if record.job_id not in cancelled
    )
    assert outcomes["completed"] <= len(job_ids) - len(cancelled)
    assert outcomes["superseded"] > 0, "no stopped worker woke up to a lost job: this proved nothing"
    assert any(record.deliveries > 1 for record in records), "no worker was killed in mid-work: this proved nothing"
    state = await joblog.desk.queue_state()
    assert (state.waiting, state.running) == (0, 0)
    await joblog.desk.close()
    await joblog.events.close()


@pytest.mark.slow
async def test_a_store_that_is_killed_in_mid_work_loses_nothing(own_valkey: Valkey, tmp_path: Path) -> None:
    settings = JobLogSettings(redis_url=own_valkey.url, joblog_idle_seconds=IDLE_SECONDS, joblog_max_deliveries=50)
    joblog = connect(settings)
    jobs = [new_job(payload=str(index)) for index in range(40)]

    async def submit_all() -> None:
        for job in jobs:
            while True:
                try:
                    await joblog.desk.submit(job, queue_limit=1000)
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)  # a client that tries again
            await asyncio.sleep(0.05)  # so that some come during each outage

    with working(3, settings, tmp_path) as workers:
        submitting = asyncio.create_task(submit_all())
        for _ in range(4):
            await asyncio.sleep(0.8)  # some work gets done
            own_valkey.kill()
            await asyncio.sleep(0.3)  # an outage
            await asyncio.to_thread(own_valkey.start)
        await submitting
        logs = await all_ended(joblog, [job.job_id for job in jobs], seconds=40)
        outcomes = workers.outcomes()

    for events in logs:
        assert_orderly(events)
        assert events[-1].status is JobStatus.COMPLETED
    assert outcomes["completed"] == len(jobs)
    await joblog.desk.close()
    await joblog.events.close()
