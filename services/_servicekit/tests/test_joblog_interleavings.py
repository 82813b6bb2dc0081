"""The scripts in any order, from any caller, with any token: what `lua/job.lua` promises holds after every step.

Between two commands anything may happen: workers crash, sleep, wake up with old tokens, repeat calls. Here all of that
is simply another order of scripts, drawn at random, on a real Valkey. A failure prints the steps that led to it.
"""

import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from servicekit.joblog import ENDINGS
from servicekit.joblog.redis import JobLogSettings, records
from servicekit.joblog.redis.store import Store

OPEN_JOBS = 2
STEPS_A_WALK = 60
WALKS = 20
MOST_DELIVERIES = 4
LONG_MS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What somebody has read and not yet taken."""

    consumer: str
    entry_id: str
    job_id: str


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Somebody who has taken a job, some time."""

    token: str
    consumer: str
    job_id: str


class World:
    """Workers, the api and the clock, all at once."""

    def __init__(self, store: Store, redis: Any, chance: random.Random) -> None:
        self.store, self.redis, self.chance = store, redis, chance
        self.job_ids: list[str] = []
        self.open: list[str] = []
        self.entries: list[Entry] = []
        self.owners: list[Owner] = []
        self.cancelled: set[str] = set()
        self.final: dict[str, dict[str, str]] = {}

    async def step(self) -> None:
        """Something happens."""
        anything: list[Callable[[], Awaitable[object]]] = [
            self.read,
            self.take_over,
            self.take,
            self.cancel,
            self.pass_time,
            self.tidy,
        ]
        often: list[Callable[[], Awaitable[object]]] = [
            self.claim,
            self.heartbeat,
            self.append,
            self.append,
            self.finish,
            self.release,
        ]
        happens = self.submit if len(self.open) < OPEN_JOBS else self.chance.choice(anything + often * 2)
        print(getattr(happens, "__name__", ""), end=" ")  # noqa: T201 - shown where the walk fails
        await happens()
        print()  # noqa: T201 - ends the line of this step
        await self.check(self.open)
        self.open = [job_id for job_id in self.open if job_id not in self.final]

    async def submit(self) -> None:
        job_id = f"job-{len(self.job_ids)}"
        self.job_ids.append(job_id)
        self.open.append(job_id)
        key = self.store.keys.idempotency("")
        args = ("{}", "Queued...", "", LONG_MS, LONG_MS, 3 * LONG_MS, 1000)
        assert await self.twice("submit", job_id, *args, extra_key=key) == ["ok", job_id]

    async def read(self) -> list[Entry]:
        consumer = self.consumer()
        streams = await self.redis.xreadgroup("workers", consumer, {self.store.keys.queue: ">"}, count=1)
        found = [
            Entry(consumer=consumer, entry_id=entry_id, job_id=fields["job"])
            for _, entries in streams
            for entry_id, fields in entries
        ]
        self.entries += found
        return found

    async def take_over(self) -> list[Entry]:
        """The idle limit has passed for all that is pending."""
        consumer = self.consumer()
        _, entries, _ = await self.redis.xautoclaim(self.store.keys.queue, "workers", consumer, 0, count=1)
        found = [Entry(consumer=consumer, entry_id=entry_id, job_id=fields["job"]) for entry_id, fields in entries]
        self.entries += found
        return found

    async def take(self) -> None:
        if self.entries:
            entry = self.entries.pop(self.chance.randrange(len(self.entries)))
            pending = await self.redis.xpending_range(
                self.store.keys.queue, "workers", entry.entry_id, entry.entry_id, 1
            )
            token = uuid.uuid4().hex
            args = (token, entry.consumer, entry.entry_id, MOST_DELIVERIES, records.failures())
            taken = await self.twice("take", entry.job_id, *args)
            if taken:
                assert pending[0]["consumer"] == entry.consumer, "others have claimed it since"
                self.owners.append(Owner(token=token, consumer=entry.consumer, job_id=entry.job_id))

    async def claim(self) -> None:
        """As a worker does when nobody comes between."""
        if await self.read() or await self.take_over():
            await self.take()

    async def heartbeat(self) -> None:
        if owner := await self.some_owner():
            answer = await self.store.run("heartbeat", owner.job_id, owner.token, owner.consumer)
            assert (answer == "ok") == ((await self.record(owner.job_id))["owner"] == owner.token)

    async def append(self) -> None:
        if owner := await self.some_owner():
            count, progress = self.chance.randint(1, 6), self.chance.random()
            args = (owner.token, count, "analyzing", progress, "Analyzing...", 0, 0, "")
            answer = await self.twice("append", owner.job_id, *args)
            assert answer != "ok" or owner.job_id not in self.cancelled

    async def finish(self) -> None:
        if owner := await self.some_owner():
            status = self.chance.choice(sorted(ENDINGS))
            answer = await self.twice("finish", owner.job_id, owner.token, status, "Over.", "result", "")
            assert answer in ("superseded", "cancelled") or (await self.record(owner.job_id))["status"] == status

    async def release(self) -> None:
        if owner := await self.some_owner():
            await self.twice(
                "release", owner.job_id, owner.token, 0, self.chance.randint(0, 1), MOST_DELIVERIES, records.failures()
            )

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
            await self.redis.zadd(self.store.keys.deadlines, {job_id: 0}, xx=True)
        await self.twice("requeue", job_id)
        await self.twice("expire", job_id, records.failures())
        assert not late or (await self.record(job_id))["status"] in ENDINGS

    async def tidy(self) -> None:
        if self.chance.random() < 0.5:
            await self.store.run_on_queue("tidy", 0)
        else:
            await self.store.run_on_queue("leave", self.consumer(), 1000)

    def consumer(self) -> str:
        return self.chance.choice(["anna", "bert"])

    async def some_owner(self) -> Owner | None:
        """A former owner of some job, or more often the last one."""
        if not self.owners:
            return None
        return self.owners[-1] if self.chance.random() < 0.6 else self.chance.choice(self.owners)

    async def record(self, job_id: str) -> dict[str, str]:
        return dict(await self.redis.hgetall(self.store.keys.job(job_id)))

    async def twice(self, script: str, job_id: str, *args: str | float, extra_key: str = "") -> Any:
        """Runs a script; now and then its answer is lost and it is run again, which must change nothing."""
        answer = await self.store.run(script, job_id, *args, extra_key=extra_key)
        print(job_id, answer if isinstance(answer, str) else "", end=" ")  # noqa: T201 - shown where the walk fails
        if self.chance.random() < 0.3:
            record = await self.record(job_id)
            again = await self.store.run(script, job_id, *args, extra_key=extra_key)
            assert again == answer or (script == "take" and answer)  # which says the time
            assert await self.record(job_id) == record
        return answer

    async def check(self, job_ids: list[str]) -> None:
        """Each of these jobs is where it belongs, and its log is in order."""
        await self.check_places(job_ids)
        for job_id in job_ids:
            await self.check_log(job_id)

    async def check_places(self, job_ids: list[str]) -> None:
        """Each of these jobs is where it belongs, and only there."""
        keys = self.store.keys
        waiting, delayed, deadlines = [
            await self.redis.zrange(key, 0, -1) for key in (keys.waiting, keys.delayed, keys.deadlines)
        ]
        in_stream = {entry_id: fields["job"] for entry_id, fields in await self.redis.xrange(keys.queue)}
        pending = {
            entry["message_id"] for entry in await self.redis.xpending_range(keys.queue, "workers", "-", "+", 99)
        }
        (group,) = await self.redis.xinfo_groups(keys.queue)
        assert pending <= in_stream.keys(), "what is pending must not be trimmed"
        assert group["lag"] is not None, "autoscaling goes by it"
        for job_id in job_ids:
            record = await self.record(job_id)
            places = [job_id in waiting, bool(record.get("owner")), job_id in delayed]
            if record["status"] in ENDINGS:
                assert not any(places)
                assert job_id not in deadlines
                assert record["entry"] not in pending
                assert self.final.setdefault(job_id, record) == record, "an ended job has changed"
                assert job_id not in self.cancelled or record["status"] == "cancelled"
            else:
                assert sum(places) == 1
                assert job_id in deadlines
                entry = record["entry"]
                assert (entry == "") == (job_id in delayed)
                if entry:
                    assert in_stream[entry] == job_id
                    undelivered = _order(entry) > _order(group["last-delivered-id"])
                    assert entry in pending or (job_id in waiting and undelivered), "nobody would ever get it"
        assert len(pending) <= len(self.job_ids), "what is over must be acknowledged"

    async def check_log(self, job_id: str) -> None:
        """Numbers without a gap, progress that never goes down, one ending, a record that says the same."""
        entries = await self.redis.xrange(self.store.keys.events(job_id))
        events = [records.event(fields["event"]) for _, fields in entries]
        assert [entry_id for entry_id, _ in entries] == [f"{number}-0" for number in range(1, len(events) + 1)]
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert not any(event.terminal for event in events[:-1])
        progress = [event.progress for event in events]
        assert progress == sorted(progress)
        record = await self.record(job_id)
        assert (events[-1].status, events[-1].message) == (record["status"], record["message"])

    async def drain(self) -> None:
        """One diligent worker ends what is left."""
        while {(await self.record(job_id))["status"] for job_id in self.job_ids} - ENDINGS:
            for job_id in self.job_ids:
                await self.store.run("requeue", job_id)
            await self.claim()
            if self.owners:
                owner = self.owners[-1]
                await self.store.run("finish", owner.job_id, owner.token, "completed", "Ready!", "", "")


@pytest.fixture
async def redis(joblog_settings: JobLogSettings) -> AsyncIterator[Redis]:
    client = Redis.from_url(joblog_settings.redis_url, decode_responses=True)
    yield client
    await client.aclose()


@pytest.mark.parametrize("seed", range(WALKS))
async def test_any_interleaving_keeps_every_promise(joblog_settings: JobLogSettings, redis: Redis, seed: int) -> None:
    store = Store(joblog_settings)
    world = World(store, redis, random.Random(seed))
    for _ in range(STEPS_A_WALK):
        await world.step()
    await world.drain()
    await world.check(world.job_ids)
    await store.close()


def _order(entry_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry_id.split("-"))
