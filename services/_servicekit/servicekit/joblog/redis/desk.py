"""The api's side: accept, read, cancel."""

import hashlib
import statistics

from servicekit.joblog import Job, JobStatus, NewJob, QueueState, Submitted, catalog
from servicekit.joblog.redis import records
from servicekit.joblog.redis.settings import JobLogSettings
from servicekit.joblog.redis.store import Store


class RedisJobDesk:
    """A JobDesk on Redis."""

    def __init__(self, settings: JobLogSettings) -> None:
        self._store = Store(settings)

    async def submit(self, job: NewJob, *, queue_limit: int) -> Submitted:
        """Accepts a job; raises Exhausted, Conflict, Unavailable."""
        if job.retention_seconds <= job.wait_seconds + job.run_seconds:
            raise ValueError("retention_seconds must outlast wait_seconds and run_seconds")
        if job.idempotency_key and not job.request_digest:
            raise ValueError("an idempotency key needs a request digest")
        key = hashlib.sha256(job.idempotency_key.encode()).hexdigest()
        outcome, job_id = await self._store.run(
            "submit",
            job.job_id,
            job.payload,
            job.message,
            job.request_digest if job.idempotency_key else "",
            round(job.wait_seconds * 1000),
            round(job.run_seconds * 1000),
            round(job.retention_seconds * 1000),
            queue_limit,
            extra_key=self._store.keys.idempotency(key),
        )
        if outcome == "conflict":
            raise catalog.key_reused()
        if outcome == "full":
            raise catalog.queue_full(retry_after_seconds=_until_a_place_is_free(await self.queue_state()))
        return Submitted(job_id=job_id, created=job_id == job.job_id)

    async def get(self, job_id: str) -> Job:
        """Reads a record; raises NotFound, Unavailable."""
        keys = self._store.keys
        fields, rank = await self._store.atomically(("HGETALL", keys.job(job_id)), ("ZRANK", keys.waiting, job_id))
        if not fields:
            raise catalog.unknown_job()
        return records.job(job_id, fields, queue_position=0 if rank is None else rank + 1)

    async def cancel(self, job_id: str, *, message: str) -> None:
        """Ends a job; raises NotFound, FailedPrecondition, Unavailable."""
        if not message:
            raise ValueError("cancelling needs a message for people")
        status = await self._store.run("cancel", job_id, message)
        if status == "unknown":
            raise catalog.unknown_job()
        if status in (JobStatus.COMPLETED, JobStatus.FAILED):
            raise catalog.already_ended(status)

    async def queue_state(self) -> QueueState:
        """How busy the workers are; a job that waits for a retry counts as neither waiting nor running."""
        keys = self._store.keys
        (seconds, microseconds), waiting, delayed, unended, durations, first = await self._store.atomically(
            ("TIME",),
            ("ZCARD", keys.waiting),
            ("ZCARD", keys.delayed),
            ("ZCARD", keys.deadlines),
            ("LRANGE", keys.durations, 0, -1),
            ("ZRANGE", keys.waiting, 0, 0),
        )
        now = seconds + microseconds / 1e6
        (queued_at,) = await self._store.atomically(("HGET", keys.job(first[0]), "queued_at")) if first else (None,)
        return QueueState(
            waiting=waiting,
            running=unended - waiting - delayed,
            oldest_wait_seconds=max(0.0, now - int(queued_at) / 1000) if queued_at else 0.0,
            recent_seconds=statistics.median(map(int, durations)) / 1000 if durations else 0.0,
        )

    async def check(self) -> None:
        """Raises Unavailable where the server does not answer."""
        await self._store.check()

    async def close(self) -> None:
        """Lets go of connections."""
        await self._store.close()


def _until_a_place_is_free(state: QueueState) -> float:
    """Seconds, 1–60: as many workers as there are running jobs take up one each in the time of a recent job."""
    return min(60.0, max(1.0, state.recent_seconds / max(1, state.running)))
