"""What watchers get when the store goes away and comes back, and when announcements are missed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2

from notifier.subscription import EventSubscription
from servicekit.errors import NotFound, ServiceError, Unavailable
from servicekit.jobstore import Event
from servicekit.jobstore.redis import JobStoreSettings, connect
from tests.fixtures.jobstore import FaultyNetwork, OpenJobStore, analyzing, completed, events_until, new_job
from tests.fixtures.notifier import notifier, until, watching
from tests.fixtures.valkey import Valkey

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_events_that_are_written_while_the_subscription_is_broken_arrive(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, faulty_network: FaultyNetwork
) -> None:
    jobstore = open_jobstore()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    async with notifier(jobstore_settings, redis_url=faulty_network.url) as channel:
        await until(channel, SERVING)
        watch = watching(channel, job.job_id)
        assert (await anext(watch)).seq == 1
        await faulty_network.stop()
        await until(channel, NOT_SERVING)
        await claim.append(analyzing())
        await claim.finish(completed())  # nothing will be announced after this
        await faulty_network.start()
        assert [event.seq async for event in watch] == [2, 3]
        await until(channel, SERVING)


async def test_a_store_that_hangs_is_noticed(
    jobstore_settings: JobStoreSettings, faulty_network: FaultyNetwork
) -> None:
    hasty = dataclasses.replace(jobstore_settings, redis_timeout_seconds=0.5)
    async with notifier(hasty, redis_url=faulty_network.url) as channel:
        await until(channel, SERVING)
        faulty_network.pause()
        await until(channel, NOT_SERVING)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await anext(watching(channel, "any"))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        faulty_network.resume()
        await until(channel, SERVING)


async def test_watching_goes_on_after_a_restart_of_the_store(own_valkey: Valkey) -> None:
    settings = JobStoreSettings(redis_url=own_valkey.url)
    jobstore = connect(settings)
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    claim = await jobstore.queue.claim()
    async with notifier(settings) as channel:
        await until(channel, SERVING)
        watch = watching(channel, job.job_id)
        assert (await anext(watch)).seq == 1
        for round_ in range(3):
            own_valkey.kill()
            writing = asyncio.create_task(claim.append(analyzing()))  # rides the outage out
            await until(channel, NOT_SERVING)
            await asyncio.to_thread(own_valkey.start)
            await writing
            assert (await anext(watch)).seq == round_ + 2
            await until(channel, SERVING)
        await claim.finish(completed())
        assert [event.seq async for event in watch] == [5]
    await jobstore.queue.close()
    await jobstore.jobs.close()


class ScriptedLog:
    """An event log in memory that announces what a test says, and fails when told to."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = list(events)
        self.failures: list[ServiceError] = []
        self.reads: list[int] = []
        self.announced: asyncio.Queue[Event] = asyncio.Queue()

    async def read(self, job_id: str, *, after: int = 0) -> Sequence[Event]:
        self.reads.append(after)
        if self.failures:
            raise self.failures.pop(0)
        return self.events[after:]

    @asynccontextmanager
    async def announcements(self) -> AsyncIterator[AsyncIterator[Event]]:
        async def announced() -> AsyncIterator[Event]:
            while True:
                yield await self.announced.get()

        yield announced()

    async def check(self) -> None:
        pass

    async def close(self) -> None:
        pass


async def _ignored(flowing: bool) -> None:
    """For nobody who has to know."""


async def test_events_that_were_not_announced_are_read_and_none_comes_twice() -> None:
    one, two, three, four, five = events_until(5)
    log = ScriptedLog([one, two])
    subscription = EventSubscription(log)
    running = asyncio.create_task(subscription.run(_ignored))
    async with aclosing(subscription.watch(one.job_id)) as batches:
        assert await anext(batches) == [one, two]
        log.events += [three, four]
        log.failures = [Unavailable("AWAY", "Away."), Unavailable("AWAY", "Away.")]
        for event in (two, four, three):
            log.announced.put_nowait(event)
        assert await anext(batches) == [three, four]
        assert log.reads.count(2) >= 3
        reads = len(log.reads)
        log.announced.put_nowait(five)
        assert await anext(batches) == [five]
        assert await anext(batches, None) is None
        assert len(log.reads) == reads, "what is announced in order is not read"
    running.cancel()


async def test_a_log_that_cannot_be_read_at_first_says_so_and_a_job_that_is_deleted_ends() -> None:
    events = events_until(5)
    log = ScriptedLog(events[:1])
    subscription = EventSubscription(log)
    log.failures = [Unavailable("AWAY", "Away.")]
    with pytest.raises(Unavailable):
        await anext(subscription.watch(events[0].job_id))
    running = asyncio.create_task(subscription.run(_ignored))
    async with aclosing(subscription.watch(events[0].job_id)) as batches:
        assert await anext(batches) == events[:1]
        log.failures = [NotFound("UNKNOWN_JOB", "Gone.")]
        log.announced.put_nowait(events[2])
        with pytest.raises(NotFound):
            await anext(batches)
    running.cancel()
