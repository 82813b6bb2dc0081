"""The job store on Sentinel and on a Cluster: jobs, events and wake-ups follow the primary wherever it goes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from servicekit.errors import Unavailable
from servicekit.jobstore import JobStatus
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings, connect, records
from servicekit.jobstore.redis.connection import RedisConnection
from tests.fixtures.jobstore import analyzing, completed, new_job, submit_one
from tests.fixtures.valkey_failover import ClusterValkey, ReplicatedValkey, SentinelValkey, running
from tests.fixtures.valkey_node import DEBIAN_REDIS, Tls, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@asynccontextmanager
async def opened(store: ReplicatedValkey, **changes: Any) -> AsyncIterator[JobStoreClients]:
    """A job store there; leases outlast the failover unless a test says otherwise."""
    values: dict[str, Any] = {"redis_url": store.url, "redis_timeout_seconds": 1.0, "joblog_idle_seconds": 60.0}
    jobstore = connect(JobStoreSettings(**(values | changes)))
    try:
        yield jobstore
    finally:
        for role in (jobstore.queue, jobstore.first_looks, jobstore.events, jobstore.outbox, jobstore.jobs):
            await role.close()


async def answered(request: Callable[[], Any]) -> Any:
    """What a caller gets who tries again while the store is not there."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await request()
            except Unavailable:
                await asyncio.sleep(0.1)  # as clients do


async def endings_heard(jobstore: JobStoreClients, heard: list[str]) -> None:
    """Notes the job of every ending that is announced, as the notifier does; missed ones are read elsewhere."""
    while True:
        try:
            async with jobstore.events.announcements() as announced:
                async for event in announced:
                    if event.terminal:
                        heard.append(event.job_id)  # noqa: PERF401 - it is read meanwhile
        except Unavailable:
            await asyncio.sleep(0.1)  # before it subscribes again


async def test_a_job_in_work_goes_on_where_the_primary_dies(replicated_valkey: ReplicatedValkey) -> None:
    heard: list[str] = []
    async with opened(replicated_valkey) as jobstore:
        listening = asyncio.create_task(endings_heard(jobstore, heard))
        in_work, waiting = await submit_one(jobstore, first_look=True), await submit_one(jobstore, first_look=True)
        claim = await jobstore.queue.claim()
        assert (await jobstore.first_looks.take()).job_id == in_work
        await claim.append(analyzing(0.1))
        await replicated_valkey.until_replicated()
        former = await replicated_valkey.primary()
        await former.kill()
        await claim.append(analyzing(0.2))
        assert await replicated_valkey.primary() is not former
        assert await jobstore.first_looks.show(in_work, "look")
        assert await jobstore.first_looks.show((await jobstore.first_looks.take()).job_id, "look")
        await claim.finish(completed())
        await (await jobstore.queue.claim()).finish(completed())
        for job_id, seqs in ((in_work, 5), (waiting, 3)):
            events = await jobstore.events.read(job_id)
            assert [event.seq for event in events] == list(range(1, seqs + 1))
            assert [event.terminal for event in events] == [False] * (seqs - 1) + [True]
        async with asyncio.timeout(60):
            while not heard:  # until the subscription is back; what it missed meanwhile stands in the log
                await submit_one(jobstore)
                await (await jobstore.queue.claim()).finish(completed())
                await asyncio.sleep(0.1)  # before the next one
        listening.cancel()


async def test_a_primary_that_hangs_is_left_and_not_believed_when_it_wakes_up(
    replicated_valkey: ReplicatedValkey,
) -> None:
    heard: list[str] = []
    async with (
        opened(replicated_valkey) as jobstore,
        opened(replicated_valkey) as worker,
        opened(replicated_valkey) as idle,
    ):
        listening = asyncio.create_task(endings_heard(jobstore, heard))
        first = await submit_one(jobstore)
        claim = await worker.queue.claim()
        await replicated_valkey.until_replicated()
        assert (await idle.jobs.get(first)).ended_at is None
        former = await replicated_valkey.primary()
        former.pause()
        await claim.finish(completed())
        await replicated_valkey.until_moved(former)
        async with asyncio.timeout(30):
            while set(heard) <= {first}:  # until the subscription has left a connection that never breaks
                await answered(lambda: submit_one(jobstore))
                await (await worker.queue.claim()).finish(completed())
                await asyncio.sleep(0.1)  # before the next one
        former.resume()
        await until(lambda: former.answers("PING"))
        assert (await idle.jobs.get(first)).status is JobStatus.COMPLETED, "it asked the former primary"
        await replicated_valkey.until_replicated()
        last = await answered(lambda: submit_one(jobstore))
        await (await worker.queue.claim()).finish(completed())
        assert (await jobstore.jobs.get(last)).status is JobStatus.COMPLETED
        listening.cancel()


async def test_a_dead_workers_job_is_taken_over_behind_the_failover(replicated_valkey: ReplicatedValkey) -> None:
    dead = RedisConnection(JobStoreSettings(redis_url=replicated_valkey.url, redis_timeout_seconds=1.0))
    async with opened(replicated_valkey, joblog_idle_seconds=2.0) as jobstore:
        job_id = await submit_one(jobstore)
        await dead.run("claim", job_id, "its token", 2000, 3, records.failures())
        await replicated_valkey.until_replicated()
        await (await replicated_valkey.primary()).kill()
        async with asyncio.timeout(30):
            taken = await jobstore.queue.claim()
        assert (taken.job.job_id, taken.job.deliveries) == (job_id, 2)
        late = await dead.run("finish", job_id, "its token", 0, "completed", "Ready!", "{}", "")
        assert late == "superseded"
        await taken.finish(completed())
    await dead.close()


async def test_what_counts_as_done_is_on_a_replica_where_that_is_asked_for(tmp_path: Path) -> None:
    async with running(SentinelValkey(tmp_path / "valkey")) as store, opened(store, redis_wait_replicas=1) as jobstore:
        primary = await store.primary()
        (replica,) = [node for node in store.nodes if node is not primary]
        job = new_job(idempotency_key="once", request_digest="ab")
        replica.pause()
        for _ in range(2):  # also the second, which changes nothing
            with pytest.raises(Unavailable):
                await jobstore.jobs.submit(job, queue_limit=10)
        replica.resume()
        assert (await answered(lambda: jobstore.jobs.submit(job, queue_limit=10))).job_id == job.job_id
        await primary.kill()  # at once: what was answered is there
        claim = await jobstore.queue.claim()
        assert claim.job.job_id == job.job_id
        assert (await jobstore.jobs.queue_state()).waiting == 0
        await primary.start()
        await claim.finish(completed())  # waits until there is a replica again


async def test_the_job_store_moves_with_its_slot(tmp_path: Path) -> None:
    async with running(ClusterValkey(tmp_path / "valkey")) as store, opened(store) as jobstore:
        heard: list[str] = []
        listening = asyncio.create_task(endings_heard(jobstore, heard))
        job_id = await submit_one(jobstore)
        claim = await jobstore.queue.claim()
        former = await store.primary()
        slot = await former.ask("CLUSTER", "KEYSLOT", "{modomo}")
        target = next(node for node in store.nodes[:3] if node is not former)
        name = await target.ask("CLUSTER", "MYID")
        await former.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", name)
        await store.until_moved(former)
        await claim.finish(completed())
        assert [event.seq for event in await answered(lambda: jobstore.events.read(job_id))] == [1, 2]
        await until(AsyncMock(side_effect=lambda: heard))
        listening.cancel()


async def test_every_password_is_sent_to_whom_it_belongs(tmp_path: Path) -> None:
    store = SentinelValkey(tmp_path / "valkey", password="geheim", sentinel_password="heimlich")
    async with running(store):
        for password, sentinel_password, fits in (
            ("geheim", "heimlich", True),
            ("geheim", "", False),
            ("", "x", False),
        ):
            known = {"redis_password": password, "redis_sentinel_password": sentinel_password}
            async with opened(store, **known) as jobstore:
                if fits:
                    await submit_one(jobstore)
                    continue
                with pytest.raises(Unavailable):
                    await jobstore.jobs.check()


@pytest.mark.skipif(
    not (DEBIAN_REDIS / "usr" / "bin" / "redis-server").exists(),
    reason="no Redis with TLS: `make test` takes it from Debian's packages where there is apt-get",
)
@pytest.mark.parametrize("kind", [SentinelValkey, ClusterValkey])
async def test_everything_is_said_over_tls_before_and_after_a_failover(
    tmp_path: Path, kind: type[SentinelValkey] | type[ClusterValkey]
) -> None:
    tls = Tls.made(tmp_path / "tls")
    async with running(kind(tmp_path / "redis", tls=tls)) as store, opened(store) as jobstore:
        job_id = await submit_one(jobstore)
        claim = await jobstore.queue.claim()
        await store.until_replicated()
        await (await store.primary()).kill()
        await claim.finish(completed())
        assert [event.seq for event in await answered(lambda: jobstore.events.read(job_id))] == [1, 2]
        strangers = Tls.made(tmp_path / "others")
        url = store.url.replace(str(tls.authority), str(strangers.authority))
        async with opened(store, redis_url=url) as deceived:
            with pytest.raises(Unavailable):
                await deceived.jobs.check()
