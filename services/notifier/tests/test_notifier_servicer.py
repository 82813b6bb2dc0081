"""The notifier over real gRPC sockets, on a real Valkey: what a watcher sees."""

import asyncio
import random

import grpc
import pytest
import structlog

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.notifier.v1.notifier_service_pb2_grpc import NotifierServiceStub
from modomo.type.v1 import job_pb2
from servicekit.errors import ServiceError
from servicekit.jobstore import JobStatus, Update
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.rpc.status import from_call
from tests.fixtures.jobstore import OpenJobStore, analyzing, completed, submit_one
from tests.fixtures.notifier import notifier, watching


async def watched(channel: grpc.aio.Channel, job_id: str, after: int = 0) -> list[job_pb2.JobEvent]:
    """Everything that a watch gives."""
    return [event async for event in watching(channel, job_id, after)]


async def refusal(channel: grpc.aio.Channel, job_id: str, after: int = 0) -> ServiceError:
    """What a watch is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watched(channel, job_id, after)
    return from_call(caught.value)


async def test_a_watcher_sees_what_was_then_what_is_and_then_the_end(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing(0.1))
    async with notifier(jobstore_settings) as channel:
        watch = watching(channel, job_id)
        past = [await anext(watch) for _ in range(2)]
        assert [(event.seq, event.status) for event in past] == [
            (1, job_pb2.JOB_STATUS_QUEUED),
            (2, job_pb2.JOB_STATUS_ANALYZING),
        ]
        step = Update(
            status=JobStatus.TRANSFORMING, progress=0.7, message="Größer", step=3, total_steps=20, preview_key="p/3"
        )
        await claim.append(step)
        live = await anext(watch)
        (written,) = await jobstore.events.read(job_id, after=2)
        assert live.timestamp.ToMicroseconds() == round(written.timestamp.timestamp() * 1e6)
        live.ClearField("timestamp")
        assert live == job_pb2.JobEvent(
            job_id=job_id,
            seq=3,
            status=job_pb2.JOB_STATUS_TRANSFORMING,
            progress=0.7,
            message="Größer",
            step=3,
            total_steps=20,
            preview_key="p/3",
        )
        await claim.finish(completed())
        assert [event.status async for event in watch] == [job_pb2.JOB_STATUS_COMPLETED]


@pytest.mark.parametrize("several", [True, False])
async def test_several_events_come_in_one_answer_to_who_takes_several(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, several: bool
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(*(analyzing() for _ in range(5)))
    await claim.finish(completed())
    async with notifier(jobstore_settings) as channel:
        call = NotifierServiceStub(channel).Watch(pb.WatchRequest(job_id=job_id, after_seq=1, several=several))
        answers = [[event.seq for event in (answer.event, *answer.following)] async for answer in call]
    assert answers == ([[2, 3, 4, 5, 6, 7]] if several else [[2], [3], [4], [5], [6], [7]])


async def test_a_watch_goes_on_after_the_event_that_the_watcher_has(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing())
    await claim.finish(completed())
    async with notifier(jobstore_settings) as channel:
        for after in range(4):
            assert [event.seq for event in await watched(channel, job_id, after)] == list(range(after + 1, 4))
        refused = await refusal(channel, job_id, 4)
        assert (refused.code, refused.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "after_seq")


async def test_a_watch_that_makes_no_sense_is_refused(jobstore_settings: JobStoreSettings) -> None:
    async with notifier(jobstore_settings) as channel:
        assert (await refusal(channel, "nobody")).code is grpc.StatusCode.NOT_FOUND
        for job_id in ("", "x" * 129):
            refused = await refusal(channel, job_id)
            assert (refused.code, refused.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "job_id")
        refused = await refusal(channel, "nobody", 2**64 - 1)
        assert (refused.code, refused.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "after_seq")


async def test_many_watchers_of_many_jobs_each_see_theirs(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    ids = [await submit_one(jobstore) for _ in range(20)]
    async with notifier(jobstore_settings) as channel:
        watches = {job_id: [asyncio.create_task(watched(channel, job_id)) for _ in range(5)] for job_id in ids}
        for _ in ids:
            claim = await jobstore.queue.claim()
            for number in range(10):
                await claim.append(analyzing(number / 10))
            await claim.finish(completed())
        for job_id, tasks in watches.items():
            for task in tasks:
                events = await task
                assert [event.seq for event in events] == list(range(1, 13))
                assert {event.job_id for event in events} == {job_id}


@pytest.mark.slow
async def test_a_thousand_returns_at_any_point_miss_nothing(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    chance = random.Random(7)

    async def come_and_go(channel: grpc.aio.Channel) -> int:
        """Watches a few events at a time until the end; how often it came."""
        after = 0
        for visits in range(1, 10_000):
            watch = watching(channel, job_id, after)
            for _ in range(chance.randint(0, 4)):
                event = await anext(watch, None)
                if event is None:
                    return visits
                after += 1
                assert event.seq == after
            await watch.aclose()
        raise AssertionError("no end")

    async with notifier(jobstore_settings) as channel:
        watchers = [asyncio.create_task(come_and_go(channel)) for _ in range(25)]
        for number in range(100):
            await claim.append(analyzing(number / 100))
        await claim.finish(completed())
        assert sum(await asyncio.gather(*watchers)) >= 1000


async def test_a_watcher_that_stops_reading_is_sent_away_and_can_come_back(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    async with notifier(jobstore_settings, backlog_limit=20) as channel:
        asleep = watching(channel, job_id)
        await anext(asleep)
        awake = asyncio.create_task(watched(channel, job_id))
        text = "x" * 50_000  # more than the connection's buffers hold
        for number in range(200):
            await claim.append(Update(status=JobStatus.ANALYZING, progress=number / 200, message=text))
        await claim.finish(completed())
        assert [event.seq for event in await awake] == list(range(1, 203))

        seen = 1
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for event in asleep:
                seen += 1
                assert event.seq == seen
        refused = from_call(caught.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "WATCHER_TOO_SLOW")
        assert refused.metadata["last_seq"] == str(seen)
        assert seen < 180
        assert [event.seq for event in await watched(channel, job_id, seen)] == list(range(seen + 1, 203))


async def test_a_long_past_is_no_backlog(open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    for _ in range(50):
        await claim.append(analyzing())
    await claim.finish(completed())
    async with notifier(jobstore_settings, backlog_limit=1) as channel:
        assert len(await watched(channel, job_id)) == 52


async def test_too_many_watchers_are_refused(open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings) -> None:
    job_id = await submit_one(open_jobstore())
    async with notifier(jobstore_settings, max_watchers=2) as channel:
        watches = [watching(channel, job_id) for _ in range(2)]
        for watch in watches:
            await anext(watch)
        refused = await refusal(channel, job_id)
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS")
        await watches[0].aclose()
        async with asyncio.timeout(10):
            while True:  # until the server has heard of it
                again = watching(channel, job_id)
                try:
                    assert (await anext(again)).seq == 1
                    break
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await again.aclose()
        await watches[1].aclose()


async def test_a_watcher_that_leaves_in_the_middle_of_a_write_is_no_error(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    jobstore = open_jobstore()
    job_id = await submit_one(jobstore)
    claim = await jobstore.queue.claim()
    with structlog.testing.capture_logs() as entries:
        async with notifier(jobstore_settings) as channel:
            asleep = watching(channel, job_id)
            await anext(asleep)
            for _ in range(100):
                await claim.append(Update(status=JobStatus.ANALYZING, progress=0.5, message="x" * 50_000))
            await asleep.aclose()
            async with asyncio.timeout(20):
                while not (rpcs := [one for one in entries if one["event"] == "rpc"]):  # noqa: ASYNC110 - it is a list
                    await asyncio.sleep(0.01)  # until the server has noticed, before it is stopped itself
    assert [entry["code"] for entry in rpcs] == ["CANCELLED"]
    assert [entry for entry in entries if entry["log_level"] == "error"] == []
