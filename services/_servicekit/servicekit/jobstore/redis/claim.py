"""A job that a worker holds the lease on: heartbeats, fenced writes, and learning that the lease is gone."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore import ENDINGS, Cancelled, Ending, Job, Superseded, Update
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisConnection
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.observability import logs

log = logs.get(__name__)

HEARTBEATS_PER_IDLE_LIMIT: Final = 3

_LOSSES: Final[dict[str, type[Superseded | Cancelled]]] = {"superseded": Superseded, "cancelled": Cancelled}


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What a worker gets when it claims a job."""

    job: Job

    token: str
    """Proves the lease; made anew for each claim."""

    seq: int
    """Of the job's newest event, at the time of the claim."""

    seconds_left: float
    """Until the running deadline, at the time of the claim."""

    run_seconds: float
    """How long the job may run."""


class RedisClaim:
    """A Claim on Redis. Where the server does not answer, writes are repeated until the job's deadline has passed."""

    def __init__(
        self,
        redis: RedisConnection,
        settings: JobStoreSettings,
        lease: Lease,
        *,
        on_closed: Callable[["RedisClaim"], None],
    ) -> None:
        self._redis = redis
        self._settings = settings
        self._lease = lease
        self._on_closed = on_closed
        self._deadline = time.monotonic() + lease.seconds_left
        self._writing = asyncio.Lock()
        self._appends = 0
        self._seq = lease.seq
        self._loss: type[Superseded | Cancelled] = Superseded
        self._lost = asyncio.Event()
        self._woken = asyncio.Event()
        self._waits = False
        self._closed = False
        self._heartbeats = asyncio.create_task(self._beat(), name=f"heartbeats of {lease.job.job_id}")

    @property
    def job(self) -> Job:
        """The record as it was when claimed."""
        return self._lease.job

    @property
    def seconds_left(self) -> float:
        """Until the job's running deadline; 0 after it."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def run_seconds(self) -> float:
        """How long the job may run once its device has taken it."""
        return self._lease.run_seconds

    @property
    def waits_for_device(self) -> bool:
        """Whether the job waits for its device."""
        return self._waits

    async def wait_for_device(self) -> None:
        """The job waits for its device; raises Superseded, Cancelled, Unavailable."""
        await self._move_deadline("waiting")

    async def device_taken(self) -> None:
        """The device has taken the job; raises Superseded, Cancelled, Unavailable."""
        await self._move_deadline("running")

    async def _move_deadline(self, phase: str) -> None:
        async with self._writing:
            answer = await self._redis.run_with_retries(
                "device", self.job.job_id, self._lease.token, phase, seconds_left=lambda: self.seconds_left
            )
        if isinstance(answer, str):
            raise self._note_loss(answer) or Superseded
        now, deadline, reached = answer
        self._waits = reached == "waiting"
        self._deadline = time.monotonic() + (float(deadline) - now) / 1000

    async def append(self, *updates: Update) -> None:
        """Adds events; raises Superseded, Cancelled, Unavailable."""
        fields: list[str | float] = []
        for update in updates:
            if update.status in ENDINGS or not 0.0 <= update.progress <= 1.0:
                raise ValueError("an update is no ending, and its progress lies in 0–1")
            fields += (update.status, update.progress, update.message)
            fields += (update.step, update.total_steps, update.preview_key)
        async with self._writing:
            self._appends += 1  # before writing: a number is never used for two events, even if this call is cancelled
            loss = await self._write("append", self._appends, *fields)
        if loss:
            raise loss

    async def finish(self, ending: Ending) -> None:
        """Ends the job; raises Superseded, Cancelled, Unavailable."""
        if ending.status not in ENDINGS:
            raise ValueError(f"{ending.status} is no ending")
        await self._settle("finish", ending.status, ending.message, ending.result, ending.error)

    async def retry(self, *, delay_seconds: float, counts: bool = True) -> None:
        """Gives the job back; raises Superseded, Cancelled, Unavailable."""
        most = self._settings.joblog_max_deliveries
        await self._settle("retry", round(delay_seconds * 1000), int(counts), most, records.failures())

    async def lost(self) -> None:
        """Raises Superseded or Cancelled when the job is not to be worked on any more."""
        await self._lost.wait()
        raise self._loss

    def wakeup(self) -> None:
        """Sends the next heartbeat at once, since its answer may have changed."""
        self._woken.set()

    async def release(self) -> None:
        """Ends the lease now, so that another worker takes the job over at once; whoever works on it here loses it."""
        self._note_loss("superseded")
        await self._close()
        try:
            await self._redis.run("release", self.job.job_id, self._lease.token)
        except Unavailable:
            log.warning("the lease could not be released; the job is taken over when it expires")

    async def _close(self) -> None:
        """Sends no more heartbeats."""
        self._closed = True
        self._on_closed(self)
        self.wakeup()
        await self._heartbeats

    async def _settle(self, script: str, *args: str | float) -> None:
        async with self._writing:
            loss = await self._write(script, *args)
        await self._close()
        if loss:
            raise loss

    async def _write(self, script: str, *args: str | float) -> type[Superseded | Cancelled] | None:
        job_id, token = self.job.job_id, self._lease.token
        answer = await self._redis.run_with_retries(
            script, job_id, token, self._seq, *args, seconds_left=lambda: self.seconds_left
        )
        if isinstance(answer, int):
            self._seq = answer
        return self._note_loss(answer)

    def _note_loss(self, answer: str | int) -> type[Superseded | Cancelled] | None:
        loss = _LOSSES.get(str(answer))
        if loss:
            self._loss = loss
            self._lost.set()
        return loss

    async def _beat(self) -> None:
        """Until the claim is closed or lost."""
        interval = self._settings.joblog_idle_seconds / HEARTBEATS_PER_IDLE_LIMIT
        lease = round(self._settings.joblog_idle_seconds * 1000)
        backoff = Backoff()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._woken.wait()
            self._woken.clear()
            if self._closed:
                return
            try:
                answer = await self._redis.run("heartbeat", self.job.job_id, self._lease.token, lease)
            except Unavailable:
                await backoff.wait()
                self.wakeup()
                continue
            backoff.reset()
            if isinstance(answer, int):
                self._seq = max(self._seq, answer)  # somebody else may have appended a first look
            if not self._closed and self._note_loss(answer):
                self._on_closed(self)
                return
