"""The scripts in any order, from any caller, with any token: what `lua/job.lua` promises holds after every step.

Between two commands anything may happen: workers crash, sleep, wake up with old tokens, repeat calls. Here all of that
is simply another order of scripts, drawn at random, on a real Valkey. A failure prints the steps that led to it.
"""

import os
import random
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.jobstore import ENDINGS, outbox
from servicekit.jobstore.outbox import Outcome
from servicekit.jobstore.redis import JobStoreSettings, records
from servicekit.jobstore.redis.connection import RedisConnection

OPEN_JOBS = 2
STEPS_A_WALK = 60
WALKS = int(os.environ.get("MODOMO_CHAOS_WALKS", "20"))
MOST_DELIVERIES = 4
LONG_MS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class LeaseHolder:
    """Whoever has claimed a job or a delivery at some time."""

    token: str
    job_id: str


class World:
    """Workers, the api and the clock, all at once."""

    def __init__(self, connection: RedisConnection, redis: Any, chance: random.Random) -> None:
        self.connection, self.redis, self.chance = connection, redis, chance
        self.job_ids: list[str] = []
        self.open: list[str] = []
        self.seen: list[str] = []
        self.holders: list[LeaseHolder] = []
        self.attempts: list[LeaseHolder] = []
        self.purging: list[str] = []
        self.purged: list[str] = []
        self.cancelled: set[str] = set()
        self.final: dict[str, dict[str, str]] = {}

    async def step(self) -> None:
        """Something happens."""
        anything: list[Callable[[], Awaitable[object]]] = [
            self.peek,
            self.expire_lease,
            self.claim_late,
            self.cancel,
            self.pass_time,
            self.release,
            self.claim_delivery,
            self.settle_delivery,
            self.purge,
            self.show,
        ]
        often: list[Callable[[], Awaitable[object]]] = [
            self.claim,
            self.heartbeat,
            self.append,
            self.append,
            self.finish,
            self.retry,
        ]
        happens = self.submit if len(self.open) < OPEN_JOBS else self.chance.choice(anything + often * 2)
        print(getattr(happens, "__name__", ""), end=" ")  # noqa: T201 - shown where the walk fails
        await happens()
        print()  # noqa: T201 - ends the line of this step
        await self.check(self.open)
        self.open = [job_id for job_id in self.open if job_id not in self.final]

    async def submit(self) -> None:
        job_id = f"job-{len(self.job_ids) + len(self.purged)}"
        self.job_ids.append(job_id)
        self.open.append(job_id)
        keys = self.connection.keys
        tenant, handicap = self.chance.choice(["carl", "dora"]), self.chance.choice([0, 16])
        turn = (tenant, f"{tenant}-{handicap}", self.chance.randint(1, 4), handicap, 2**20)
        args = ("{}", "Queued...", "", LONG_MS, LONG_MS, 3 * LONG_MS, "https://receiver.example/", 1000, 1000, *turn)
        extra_keys = (keys.idempotency(""), keys.tenants_jobs(tenant), keys.webhook(outbox.accepted(job_id)))
        looked_at, work = self.chance.randint(0, 1), self.chance.randint(1, 3)
        outcome, accepted, position, _ahead = await self.twice(
            "submit", job_id, *args, "", "", looked_at, work, extra_keys=extra_keys
        )
        assert (outcome, accepted) == ("ok", job_id)
        assert position == await self.redis.zrank(self.connection.keys.waiting, job_id) + 1

    async def peek(self) -> bool:
        """A worker is told of a job, and may claim it now, later, or never."""
        job_id = await self.connection.peek()
        if job_id is None:
            return False
        if await self.redis.zscore(self.connection.keys.leases, job_id) is None:
            assert job_id == (await self.redis.zrange(self.connection.keys.waiting, 0, 0))[0], "it is not its turn"
        self.seen.append(job_id)
        return True

    async def expire_lease(self) -> None:
        """The lease on some job expires."""
        if leased := await self.redis.zrange(self.connection.keys.leases, 0, -1):
            await self.redis.zadd(self.connection.keys.leases, {self.chance.choice(leased): 0})

    async def claim_late(self) -> None:
        """Any job that somebody was told of some time, however long ago."""
        if self.seen:
            await self.claim_job(self.seen.pop(self.chance.randrange(len(self.seen))))

    async def claim_job(self, job_id: str) -> None:
        lease = await self.redis.zscore(self.connection.keys.leases, job_id)
        waits = await self.redis.zscore(self.connection.keys.waiting, job_id)
        token = uuid.uuid4().hex
        if await self.twice("claim", job_id, token, LONG_MS, MOST_DELIVERIES, records.failures()):
            assert waits is not None or lease == 0, "others have it"
            self.holders.append(LeaseHolder(token=token, job_id=job_id))

    async def claim(self) -> None:
        """As a worker does when nobody comes between."""
        if await self.peek():
            await self.claim_job(self.seen.pop())

    async def heartbeat(self) -> None:
        if holder := await self.some_holder():
            answer = await self.connection.run("heartbeat", holder.job_id, holder.token, LONG_MS)
            record = await self.record(holder.job_id)
            assert isinstance(answer, int) == (record.get("owner") == holder.token)
            assert not isinstance(answer, int) or answer == int(record["seq"])

    async def append(self) -> None:
        if holder := await self.some_holder():
            count, progress = self.chance.randint(1, 6), self.chance.random()
            known = await self.known_seq(holder)
            picture = self.chance.choice(["", "", "preview-1"])
            event = ("analyzing", progress, "Analyzing...", 0, 0, picture)
            args = (holder.token, known, count, *event * self.chance.choice([1, 1, 3]))
            answer = await self.twice("append", holder.job_id, *args)
            assert isinstance(answer, str) or holder.job_id not in self.cancelled

    async def show(self) -> None:
        """Somebody has made a first look, of a job that it was given or of any other, however long ago."""
        job_id = (await self.redis.zpopmin(self.connection.keys.looks) or [(self.chance.choice(self.job_ids), 0)])[0][0]
        before = await self.record(job_id)
        answer = await self.twice("show", job_id, f"first-look of {job_id}")
        open_without = bool(before) and before["status"] not in ENDINGS and not before.get("preview_key")
        assert (answer == "ok") == (open_without or before.get("preview_key") == f"first-look of {job_id}")
        assert answer == "ok" or await self.record(job_id) == before

    async def finish(self) -> None:
        if holder := await self.some_holder():
            status = self.chance.choice(sorted(ENDINGS))
            known = await self.known_seq(holder)
            answer = await self.twice("finish", holder.job_id, holder.token, known, status, "Over.", "result", "")
            assert answer in ("superseded", "cancelled") or (await self.record(holder.job_id))["status"] == status

    async def retry(self) -> None:
        if holder := await self.some_holder():
            counts, known = self.chance.randint(0, 1), await self.known_seq(holder)
            args = (holder.token, known, 0, counts, MOST_DELIVERIES, records.failures())
            await self.twice("retry", holder.job_id, *args)

    async def cancel(self) -> None:
        job_id = self.chance.choice(self.open if self.chance.random() < 0.8 else self.job_ids)
        before = (await self.record(job_id))["status"]
        await self.twice("cancel", job_id, "Cancelled.")
        if before not in ENDINGS:
            self.cancelled.add(job_id)

    async def pass_time(self) -> None:
        """Delays are over, and sometimes a deadline has come."""
        job_id = self.chance.choice(self.open)
        if late := self.chance.random() < 0.2:
            await self.redis.zadd(self.connection.keys.deadlines, {job_id: 0}, xx=True)
        await self.twice("requeue", job_id)
        await self.twice("fail_overdue", job_id, records.failures())
        assert not late or (await self.record(job_id))["status"] in ENDINGS

    async def release(self) -> None:
        """A worker stops, perhaps long after it has lost the lease."""
        if holder := await self.some_holder():
            await self.twice("release", holder.job_id, holder.token)

    async def claim_delivery(self) -> None:
        """Somebody looks for a delivery that is due; the lease may expire before anything else happens."""
        job_id, token = self.chance.choice([*self.job_ids, *self.purged]), uuid.uuid4().hex
        if await self.twice("claim_delivery", job_id, token, self.chance.choice([0, LONG_MS])):
            assert (await self.record(job_id))["status"] in ENDINGS
            self.attempts.append(LeaseHolder(token=token, job_id=job_id))

    async def settle_delivery(self) -> None:
        """An attempt is over, perhaps long after others have claimed the delivery."""
        if self.attempts:
            attempt = self.chance.choice(self.attempts)
            key = self.connection.keys.webhook(attempt.job_id)
            before = await self.redis.hgetall(key)
            outcome = self.chance.choice(list(Outcome))
            await self.twice("settle_delivery", attempt.job_id, attempt.token, outcome, 0, "503", "receiver.example")
            assert before.get("token") == attempt.token or await self.redis.hgetall(key) == before

    async def purge(self) -> None:
        """A purge begins, or one that has begun some time ago is finished."""
        if self.purging and self.chance.random() < 0.5:
            job_id = self.purging.pop()
            keys = self.connection.keys
            tenant = (await self.record(job_id)).get("tenant", "")
            extra_keys = (keys.idempotency("none"), keys.tenants_jobs(tenant), keys.webhook(outbox.accepted(job_id)))
            await self.twice("finish_purge", job_id, extra_keys=extra_keys)
            self.job_ids.remove(job_id)
            self.open = [one for one in self.open if one != job_id]
            self.purged.append(job_id)
        elif not self.purging:
            job_id = self.chance.choice(self.job_ids)
            if (await self.record(job_id))["status"] not in ENDINGS:
                self.cancelled.add(job_id)
            await self.twice("begin_purge", job_id, "Deleted.")
            self.purging.append(job_id)

    async def some_holder(self) -> LeaseHolder | None:
        """A former lease holder of some job, or more often the last one."""
        if not self.holders:
            return None
        return self.holders[-1] if self.chance.random() < 0.6 else self.chance.choice(self.holders)

    async def known_seq(self, holder: LeaseHolder) -> int:
        """The newest event that a lease holder knows of; now and then a failover has lost some of its own."""
        return int((await self.record(holder.job_id)).get("seq", 0)) + self.chance.choice([0, 0, 0, 2])

    async def record(self, job_id: str) -> dict[str, str]:
        return dict(await self.redis.hgetall(self.connection.keys.job(job_id)))

    async def twice(self, script: str, job_id: str, *args: str | float, extra_keys: Sequence[str] = ()) -> Any:
        """Runs a script; now and then its answer is lost and it is run again, which must change nothing."""
        answer = await self.connection.run(script, job_id, *args, extra_keys=extra_keys)
        print(job_id, answer if isinstance(answer, str) else "", end=" ")  # noqa: T201 - shown where the walk fails
        if self.chance.random() < 0.3:
            record = await self.record(job_id)
            again = await self.connection.run(script, job_id, *args, extra_keys=extra_keys)
            assert again == answer or (script == "claim" and answer)  # which says the time
            assert await self.record(job_id) == record
        return answer

    async def check(self, job_ids: list[str]) -> None:
        """Each of these jobs is where it belongs, and its log is in order."""
        await self.check_places(job_ids)
        for job_id in job_ids:
            await self.check_log(job_id)

    async def check_places(self, job_ids: list[str]) -> None:
        """Each of these jobs is where it belongs, and only there."""
        keys = self.connection.keys
        sets = (keys.waiting, keys.leases, keys.delayed, keys.deadlines, keys.looks)
        waiting, leases, delayed, deadlines, looks = [await self.redis.zrange(key, 0, -1) for key in sets]
        for job_id in self.purged:
            assert job_id not in {*waiting, *leases, *delayed, *deadlines, *looks}
            assert not await self.redis.exists(keys.job(job_id), keys.events(job_id), keys.webhook(job_id))
        for job_id in job_ids:
            record = await self.record(job_id)
            record.pop("purging", None)
            webhook = await self.redis.hgetall(keys.webhook(job_id))
            scheduled = await self.redis.zscore(keys.webhooks, job_id) is not None
            assert webhook.get("status") == (record["status"] if record["status"] in ENDINGS else None)
            assert scheduled == (webhook.get("state") == "pending"), "whatever is not settled comes back"
            places = [job_id in waiting, job_id in leases, job_id in delayed]
            assert bool(record.get("owner")) == (job_id in leases)
            if record["status"] in ENDINGS:
                assert not any(places)
                assert job_id not in {*deadlines, *looks}
                assert self.final.setdefault(job_id, record) == record, "an ended job has changed"
                assert job_id not in self.cancelled or record["status"] == "cancelled"
            else:
                assert sum(places) == 1
                assert job_id in deadlines
        records_waiting = {job_id: await self.record(job_id) for job_id in waiting}
        works = {f"{one['flow']} {job_id}": int(one["work"]) for job_id, one in records_waiting.items()}
        heavy = dict(await self.redis.zrange(keys.heavy, 0, -1, withscores=True))
        assert heavy == {name: work for name, work in works.items() if work > 1}
        flows = Counter(one["flow"] for one in records_waiting.values())
        backlog = {flow: int(number) for flow, number in (await self.redis.hgetall(keys.backlog)).items()}
        assert backlog == flows

    async def check_log(self, job_id: str) -> None:
        """Numbers without a gap, progress that never goes down, one ending, a record that says the same."""
        entries = await self.redis.xrange(self.connection.keys.events(job_id))
        events = [records.event(fields["event"]) for _, fields in entries]
        assert [entry_id for entry_id, _ in entries] == [f"{number}-0" for number in range(1, len(events) + 1)]
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert not any(event.terminal for event in events[:-1])
        pictures = [event.preview_key for event in events if event.preview_key]
        assert not any(picture.startswith("first-look") for picture in pictures[1:])
        progress = [event.progress for event in events]
        assert progress == sorted(progress)
        record = await self.record(job_id)
        assert (events[-1].status, events[-1].message) == (record["status"], record["message"])

    async def drain(self) -> None:
        """One diligent worker ends what is left."""
        while {(await self.record(job_id))["status"] for job_id in self.job_ids} - ENDINGS:
            for job_id in self.job_ids:
                await self.connection.run("requeue", job_id)
            for job_id in await self.redis.zrange(self.connection.keys.leases, 0, -1):
                await self.redis.zadd(self.connection.keys.leases, {job_id: 0})
            await self.claim()
            if self.holders:
                holder = self.holders[-1]
                await self.connection.run("finish", holder.job_id, holder.token, 0, "completed", "Ready!", "", "")


@pytest.mark.parametrize("seed", range(WALKS))
async def test_any_interleaving_keeps_every_promise(
    jobstore_settings: JobStoreSettings, redis: Redis, seed: int
) -> None:
    connection = RedisConnection(jobstore_settings)
    world = World(connection, redis, random.Random(seed))
    for _ in range(STEPS_A_WALK):
        await world.step()
    await world.drain()
    await world.check(world.job_ids)
    await connection.close()
