"""A job in the hands of a worker: heartbeats, fenced writes, and learning that it is lost."""

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
from servicekit.jobstore.redis.connection import Store
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.observability import logs

log = logs.get(__name__)

HEARTBEATS_PER_IDLE_LIMIT: Final = 3

_LOSSES: Final[dict[str, type[Superseded | Cancelled]]] = {"superseded": Superseded, "cancelled": Cancelled}


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What a worker gets when it takes a job."""

    job: Job

    token: str
    """Proves ownership; made anew for each take."""

    seconds_left: float
    """Until the deadline, when it was taken."""


class RedisClaim:
    """A Claim on Redis. Writes ride out a store that does not answer until the job's deadline has passed."""

    def __init__(
        self, store: Store, settings: JobStoreSettings, lease: Lease, *, on_closed: Callable[["RedisClaim"], None]
    ) -> None:
        self._store = store
        self._settings = settings
        self._lease = lease
        self._on_closed = on_closed
        self._deadline = time.monotonic() + lease.seconds_left
        self._writing = asyncio.Lock()
        self._appends = 0
        self._loss: type[Superseded | Cancelled] = Superseded
        self._lost = asyncio.Event()
        self._woken = asyncio.Event()
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

    async def append(self, update: Update) -> None:
        """Adds an event; raises Superseded, Cancelled, Unavailable."""
        if update.status in ENDINGS or not 0.0 <= update.progress <= 1.0:
            raise ValueError("an update is no ending, and its progress lies in 0–1")
        async with self._writing:
            self._appends += 1  # before writing: a number is never used for two events, even if this call is cancelled
            loss = await self._write(
                "append",
                self._appends,
                update.status,
                update.progress,
                update.message,
                update.step,
                update.total_steps,
                update.preview_key,
            )
        if loss:
            raise loss

    async def finish(self, ending: Ending) -> None:
        """Ends the job; raises Superseded, Cancelled, Unavailable."""
        if ending.status not in ENDINGS:
            raise ValueError(f"{ending.status} is no ending")
        await self._leave("finish", ending.status, ending.message, ending.result, ending.error)

    async def retry(self, *, delay_seconds: float, counts: bool = True) -> None:
        """Gives the job back; raises Superseded, Cancelled, Unavailable."""
        most = self._settings.joblog_max_deliveries
        await self._leave("release", round(delay_seconds * 1000), int(counts), most, records.failures())

    async def lost(self) -> None:
        """Raises Superseded or Cancelled when the job is not to be worked on any more."""
        await self._lost.wait()
        raise self._loss

    def wakeup(self) -> None:
        """Sends the next heartbeat at once, since its answer may have changed."""
        self._woken.set()

    async def abandon(self) -> None:
        """Leaves the job to whoever takes it over, at once; for whoever works on it here, it is lost."""
        self._heed("superseded")
        await self._close()
        try:
            await self._store.run("hand_over", self.job.job_id, self._lease.token)
        except Unavailable:
            log.warning("left without a goodbye; the job is taken over after the idle limit")

    async def _close(self) -> None:
        """Sends no more heartbeats."""
        self._closed = True
        self._on_closed(self)
        self.wakeup()
        await self._heartbeats

    async def _leave(self, script: str, *args: str | float) -> None:
        async with self._writing:
            loss = await self._write(script, *args)
        await self._close()
        if loss:
            raise loss

    async def _write(self, script: str, *args: str | float) -> type[Superseded | Cancelled] | None:
        job_id, token = self.job.job_id, self._lease.token
        answer = await self._store.persist(script, job_id, token, *args, patience=lambda: self.seconds_left)
        return self._heed(answer)

    def _heed(self, answer: str) -> type[Superseded | Cancelled] | None:
        loss = _LOSSES.get(answer)
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
                answer = await self._store.run("heartbeat", self.job.job_id, self._lease.token, lease)
            except Unavailable:
                await backoff.wait()
                self.wakeup()
                continue
            backoff.reset()
            if not self._closed and self._heed(answer):
                self._on_closed(self)
                return
