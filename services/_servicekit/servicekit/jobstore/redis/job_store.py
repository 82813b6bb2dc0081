"""The api's side: submit, read, cancel, purge."""

import hashlib
import statistics
from collections.abc import Mapping
from typing import Final

from servicekit.jobstore import (
    Job,
    JobPage,
    JobStatus,
    NewJob,
    Position,
    Priority,
    QueueState,
    Submitted,
    catalog,
)
from servicekit.jobstore.outbox import accepted
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisRole

BATCH_HANDICAP: Final = 16
"""A batch job waits as many units of cost behind an interactive one that was submitted with it."""
BATCH_COST: Final = 4
"""What a batch job costs for each unit of an interactive one: how much later its flow's next job starts."""
TICKS_A_UNIT: Final = 2**20


class RedisJobStore(RedisRole):
    """A JobStore on Redis."""

    async def submit(self, job: NewJob, *, queue_limit: int, tenant_limit: int | None = None) -> Submitted:
        """Accepts a job; raises Exhausted, Conflict, InvalidArgument for a receiver that is gone, Unavailable."""
        if job.retention_seconds <= job.wait_seconds + 2 * job.run_seconds:
            raise ValueError("retention_seconds must outlast wait_seconds and twice run_seconds")
        if job.idempotency_key and not job.request_digest:
            raise ValueError("an idempotency key needs a request digest")
        if job.webhook_url and await self._redis.is_endpoint_gone(job.tenant, job.webhook_url):
            raise catalog.webhook_gone()
        if job.cost < 1:
            raise ValueError("a job costs at least 1")
        flow = f"{job.priority}:{hashlib.sha256(job.tenant.encode()).hexdigest()}"
        key = hashlib.sha256(f"{job.tenant}\n{job.idempotency_key}".encode()).hexdigest()
        outcome, *accepted = await self._redis.run(
            "submit",
            job.job_id,
            job.payload,
            job.message,
            job.request_digest if job.idempotency_key else "",
            round(job.wait_seconds * 1000),
            round(job.run_seconds * 1000),
            round(job.retention_seconds * 1000),
            job.webhook_url,
            queue_limit,
            queue_limit if tenant_limit is None else tenant_limit,
            job.tenant,
            flow,
            job.cost * (BATCH_COST if job.priority is Priority.BATCH else 1),
            BATCH_HANDICAP if job.priority is Priority.BATCH else 0,
            TICKS_A_UNIT,
            job.traceparent,
            ",".join(job.webhook_events),
            int(job.first_look),
            job.cost,
            extra_keys=self._extra_keys(self._redis.keys.idempotency(key), job.tenant, job.job_id),
        )
        if outcome == "conflict":
            raise catalog.key_reused()
        if outcome in ("full", "flow full"):
            seconds = _seconds_until_a_slot_is_free(await self.queue_state())
            refusal = catalog.queue_full if outcome == "full" else catalog.too_many_waiting
            raise refusal(work=job.cost, retry_after_seconds=seconds)
        job_id, position, ahead = accepted
        return Submitted(job_id=job_id, created=job_id == job.job_id, queue_position=position, work_ahead=ahead)

    async def get(self, job_id: str) -> Job:
        """Reads a record; raises NotFound, Unavailable."""
        found = await self._redis.run("read", job_id)
        if found is None:
            raise catalog.unknown_job()
        flat, position, ahead = found
        return records.job(job_id, records.fields(flat), queue_position=position, work_ahead=ahead)

    async def cancel(self, job_id: str, *, message: str) -> None:
        """Ends a job; raises NotFound, FailedPrecondition, Unavailable."""
        if not message:
            raise ValueError("cancelling needs a message for people")
        status = await self._redis.run("cancel", job_id, message)
        if status == "unknown":
            raise catalog.unknown_job()
        if status in (JobStatus.COMPLETED, JobStatus.FAILED):
            raise catalog.already_ended(status)

    async def begin_purge(self, job_id: str, *, message: str) -> Job:
        """Ends a job and marks it as being purged; raises NotFound, Unavailable."""
        if await self._redis.run("begin_purge", job_id, message) == "unknown":
            raise catalog.unknown_job()
        return await self.get(job_id)

    async def finish_purge(self, job_id: str) -> None:
        """Deletes what is known of a job whose purge has begun; raises Unavailable."""
        keys = self._redis.keys
        ((idempotency, tenant),) = await self._redis.atomically(("HMGET", keys.job(job_id), "idempotency", "tenant"))
        extra_keys = self._extra_keys(idempotency or keys.idempotency("none"), tenant or "", job_id)
        await self._redis.run("finish_purge", job_id, extra_keys=extra_keys)

    async def jobs_of(self, tenant: str, *, limit: int, before: Position | None = None) -> JobPage:
        """Jobs of a tenant, the newest first; raises Unavailable."""
        places = await self._places_before(self._redis.keys.tenants_jobs(tenant), limit + 1, before)
        jobs: list[Job] = []
        for place in places[:limit]:
            answer = await self._redis.run("read", place.job_id)
            if answer is not None:
                jobs.append(records.job(place.job_id, records.fields(answer[0]), queue_position=answer[1]))
        following = places[limit - 1] if len(places) > limit else None
        return JobPage(jobs=tuple(job for job in jobs if not job.purging), following=following)

    async def _places_before(self, key: str, count: int, before: Position | None) -> list[Position]:
        """In the order of the server: by time and then by name, both falling."""
        latest = str(before.milliseconds) if before else "+inf"
        found: list[Position] = []
        offset = 0
        while len(found) < count:
            asked = ("ZRANGE", key, latest, "-inf", "BYSCORE", "REV", "LIMIT", offset, count, "WITHSCORES")
            (answer,) = await self._redis.atomically(asked)
            places = [Position(milliseconds=int(score), job_id=name) for name, score in records.scored(answer)]
            if not places:
                break
            offset += len(places)
            found += [place for place in places if before is None or place < before]
        return found[:count]

    def _extra_keys(self, idempotency: str, tenant: str, job_id: str) -> tuple[str, str, str]:
        keys = self._redis.keys
        return idempotency, keys.tenants_jobs(tenant), keys.webhook(accepted(job_id))

    async def queue_state(self) -> QueueState:
        """How busy the workers are; a job that is to be tried again later is neither waiting nor running."""
        keys = self._redis.keys
        (seconds, microseconds), waiting, running, delayed, durations, first, deadline = await self._redis.atomically(
            ("TIME",),
            ("ZCARD", keys.waiting),
            ("ZCARD", keys.leases),
            ("ZCARD", keys.delayed),
            ("LRANGE", keys.durations, 0, -1),
            ("ZRANGE", keys.waiting, 0, 0),
            ("ZRANGE", keys.deadlines, 0, 0, "WITHSCORES"),
        )
        now = seconds + microseconds / 1e6
        ends = records.lowest_score(deadline)
        (queued_at,) = await self._redis.atomically(("HGET", keys.job(first[0]), "queued_at")) if first else (None,)
        return QueueState(
            waiting=waiting,
            running=running,
            oldest_wait_seconds=max(0.0, now - int(queued_at) / 1000) if queued_at else 0.0,
            recent_seconds=statistics.median(map(int, durations)) / 1000 if durations else 0.0,
            delayed=delayed,
            overdue_seconds=max(0.0, now - ends / 1000) if ends is not None else 0.0,
        )

    async def ended_counts(self) -> Mapping[tuple[JobStatus, str], int]:
        """How many jobs have ended so far, by status and reason; raises Unavailable."""
        (flat,) = await self._redis.atomically(("HGETALL", self._redis.keys.ended_counts))
        kinds = records.fields(flat) if isinstance(flat, list) else flat
        counted = ((*kind.split(":", 1), int(number)) for kind, number in kinds.items())
        return {(JobStatus(status), reason): number for status, reason, number in counted}


def _seconds_until_a_slot_is_free(state: QueueState) -> float:
    """1–60: as many workers as there are running jobs claim one each in the time of a recent job."""
    return min(60.0, max(1.0, state.recent_seconds / max(1, state.running)))
