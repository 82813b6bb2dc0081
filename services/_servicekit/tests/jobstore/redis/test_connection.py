"""The store under the job store: outages, restarts, what stays in it, and what its settings allow."""

import asyncio
import socket
from pathlib import Path
from typing import cast

import pytest
import uvloop
from redis.asyncio import Redis
from redis.crc import key_slot
from structlog.testing import capture_logs

from deploy.local import ports
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import Unavailable
from servicekit.jobstore import Cancelled, JobStatus
from servicekit.jobstore.redis import JobStoreSettings, connect
from servicekit.jobstore.redis.connection import guarded
from tests.fixtures.jobstore import FaultyNetwork, OpenJobStore, analyzing, completed, new_job
from tests.fixtures.valkey import Valkey


async def test_a_store_that_is_not_there_is_unavailable(
    open_jobstore: OpenJobStore, faulty_network: FaultyNetwork
) -> None:
    await faulty_network.stop()
    jobstore = open_jobstore(redis_url=faulty_network.url)
    requests = (
        jobstore.jobs.submit(new_job(), queue_limit=1),
        jobstore.jobs.get("any"),
        jobstore.jobs.cancel("any", message="No."),
        jobstore.jobs.queue_state(),
        jobstore.jobs.check(),
        jobstore.events.read("any"),
        jobstore.events.check(),
        jobstore.queue.check(),
    )
    for request in requests:
        with pytest.raises(Unavailable) as caught:
            await request
        assert caught.value.reason == "JOB_STORE_UNAVAILABLE"
        assert "127.0.0.1" not in caught.value.message


async def test_a_store_that_hangs_is_unavailable(open_jobstore: OpenJobStore, faulty_network: FaultyNetwork) -> None:
    jobstore = open_jobstore(redis_url=faulty_network.url, redis_timeout_seconds=0.2)
    await jobstore.jobs.check()
    faulty_network.pause()
    for request in (jobstore.jobs.check(), jobstore.jobs.submit(new_job(), queue_limit=1), jobstore.events.read("any")):
        with pytest.raises(Unavailable):
            await request
    faulty_network.resume()
    await jobstore.jobs.check()


async def test_a_connection_that_breaks_before_a_write_is_an_outage_on_uvloop_too() -> None:
    def write_to_closed_transport() -> None:
        loop = uvloop.new_event_loop()
        try:
            reading, writing = socket.socketpair()
            made = loop.run_until_complete(loop.create_connection(asyncio.Protocol, sock=writing))
            transport = cast(asyncio.Transport, made[0])  # typed as a protocol by uvloop
            transport.close()
            loop.run_until_complete(asyncio.sleep(0))
            transport.writelines([b"x"])
        finally:
            reading.close()
            loop.close()

    with pytest.raises(Unavailable), guarded():
        await asyncio.to_thread(write_to_closed_transport)
    with pytest.raises(RuntimeError, match="another"), guarded():
        raise RuntimeError("another")


async def test_a_worker_rides_an_outage_out(open_jobstore: OpenJobStore, faulty_network: FaultyNetwork) -> None:
    jobstore, far = (
        open_jobstore(joblog_idle_seconds=30.0),
        open_jobstore(redis_url=faulty_network.url, joblog_idle_seconds=30.0),
    )
    jobs = [new_job() for _ in range(2)]
    await jobstore.jobs.submit(jobs[0], queue_limit=10)
    claim = await far.queue.claim()
    waiting = asyncio.create_task(far.queue.claim())
    await faulty_network.stop()
    appending = asyncio.create_task(claim.append(analyzing()))
    await jobstore.jobs.submit(jobs[1], queue_limit=10)
    await asyncio.sleep(0.3)  # some attempts fail
    assert not appending.done()
    assert not waiting.done()
    await faulty_network.start()
    await appending
    await claim.finish(completed())
    assert (await waiting).job.job_id == jobs[1].job_id
    assert [event.seq for event in await jobstore.events.read(jobs[0].job_id)] == [1, 2, 3]

    await faulty_network.stop()
    await faulty_network.start()
    await jobstore.jobs.cancel(jobs[1].job_id, message="Cancelled.")
    async with asyncio.timeout(10):
        with pytest.raises(Cancelled):  # the wake-ups were subscribed to again
            await (await waiting).lost()


async def test_a_killed_store_comes_back_with_everything(own_valkey: Valkey) -> None:
    jobstore = connect(JobStoreSettings(redis_url=own_valkey.url, joblog_idle_seconds=1.0))
    waiting, running, delayed, ended = (new_job(idempotency_key=key, request_digest="a1") for key in "abcd")
    for job in (ended, delayed, running, waiting):
        await jobstore.jobs.submit(job, queue_limit=10)
    await (await jobstore.queue.claim()).finish(completed('"kept"'))
    await (await jobstore.queue.claim()).retry(delay_seconds=0.5)
    claim = await jobstore.queue.claim()
    await claim.append(analyzing())
    own_valkey.kill()
    await asyncio.to_thread(own_valkey.start)

    assert (await jobstore.jobs.get(ended.job_id)).result == '"kept"'
    again = await jobstore.jobs.submit(new_job(idempotency_key="a", request_digest="a1"), queue_limit=10)
    assert (again.job_id, again.created) == (waiting.job_id, False)
    await claim.finish(completed())
    assert (await jobstore.jobs.get(running.job_id)).status is JobStatus.COMPLETED
    claims = [await jobstore.queue.claim() for _ in range(2)]
    assert {claim.job.job_id for claim in claims} == {waiting.job_id, delayed.job_id}
    for role in (jobstore.queue, jobstore.jobs):
        await role.close()


async def test_all_keys_lie_in_one_slot_and_all_but_the_queues_own_expire(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore = open_jobstore(joblog_max_deliveries=1)
    jobs = [new_job(idempotency_key=key, request_digest="a1") for key in ("", "1", "2", "3")]
    for job in jobs:
        await jobstore.jobs.submit(job, queue_limit=10)
    await (await jobstore.queue.claim()).retry(delay_seconds=0)  # a dead letter
    await (await jobstore.queue.claim()).finish(completed())
    keys = [key async for key in redis.scan_iter(f"*{jobstore_settings.joblog_namespace}*")]
    assert len({key_slot(key.encode()) for key in keys}) == 1
    lasting = {key.split(":")[1] for key in keys if await redis.ttl(key) == -1}
    shared = {"waiting", "backlog", "starts", "clock", "deadlines", "durations", "dead", "tally"}
    assert shared <= lasting <= shared | {"served"}


async def test_nothing_is_left_of_jobs_that_have_ended(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore = open_jobstore()
    jobs = [new_job(tenant=f"tenant-{number % 3}", cost=1 + number % 2) for number in range(9)]
    for job in jobs:
        await jobstore.jobs.submit(job, queue_limit=100)
    for job in jobs[:3]:
        await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    for _ in jobs[3:]:
        await (await jobstore.queue.claim()).finish(completed())
    namespace = f"{{{jobstore_settings.joblog_namespace}}}"
    for name in ("waiting", "heavy", "leases", "delayed", "deadlines", "backlog"):
        assert not await redis.exists(f"{namespace}:{name}"), name


async def test_records_that_somebody_deleted_keep_no_worker_busy(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore = open_jobstore(joblog_idle_seconds=0.3)
    waiting, claimed, good = [new_job() for _ in range(3)]
    await jobstore.jobs.submit(claimed, queue_limit=10)
    dead = open_jobstore(joblog_idle_seconds=0.3)
    await dead.queue.claim()
    await jobstore.jobs.submit(waiting, queue_limit=10)
    await jobstore.jobs.submit(good, queue_limit=10)
    for job in (waiting, claimed):
        await redis.delete(f"{{{jobstore_settings.joblog_namespace}}}:job:{job.job_id}")
    async with asyncio.timeout(10):
        assert (await jobstore.queue.claim()).job.job_id == good.job_id
        while await redis.zcard(f"{{{jobstore_settings.joblog_namespace}}}:leases") > 1:
            looking = asyncio.create_task(jobstore.queue.claim())
            await asyncio.wait([looking], timeout=0.3)
            looking.cancel()


async def test_a_flushed_store_is_a_fresh_one(own_valkey: Valkey) -> None:
    jobstore = connect(JobStoreSettings(redis_url=own_valkey.url, joblog_idle_seconds=1.0))
    claiming = asyncio.create_task(jobstore.queue.claim())
    await asyncio.sleep(0.3)  # it waits
    client = Redis.from_url(own_valkey.url)
    await client.flushall()
    await client.aclose()
    job = new_job()
    await jobstore.jobs.submit(job, queue_limit=10)
    async with asyncio.timeout(10):
        assert (await claiming).job.job_id == job.job_id
    for role in (jobstore.queue, jobstore.jobs):
        await role.close()


async def test_passwords_are_sent_and_not_shown(own_valkey: Valkey) -> None:
    client = Redis.from_url(own_valkey.url)
    await client.config_set("requirepass", "geheim")
    await client.aclose()
    settings = JobStoreSettings(redis_url=own_valkey.url, redis_password="geheim")
    assert "geheim" not in repr(settings)
    for password, fits in (("geheim", True), ("falsch", False), ("", False)):
        job_store = connect(JobStoreSettings(redis_url=own_valkey.url, redis_password=password)).jobs
        if fits:
            await job_store.check()
        else:
            with pytest.raises(Unavailable):
                await job_store.check()
        await job_store.close()


def test_settings_are_read_from_the_same_variables_everywhere() -> None:
    environ = {
        "MODOMO_REDIS_URL": "rediss://user:secret@store:6380/1",
        "MODOMO_JOBLOG_IDLE_SECONDS": "2.5",
        "MODOMO_JOBLOG_MAX_DELIVERIES": "5",
    }
    settings = env.read(JobStoreSettings, prefix="MODOMO_ANY_", environ=environ)
    assert (settings.redis_url, settings.joblog_idle_seconds, settings.joblog_max_deliveries) == (
        "rediss://user:secret@store:6380/1",
        2.5,
        5,
    )
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MODOMO_JOBLOG_IDLE_SECONDS", "0"),
        ("MODOMO_JOBLOG_IDLE_SECONDS", "nan"),
        ("MODOMO_JOBLOG_MAX_DELIVERIES", "-1"),
        ("MODOMO_REDIS_TIMEOUT_SECONDS", "soon"),
        ("MODOMO_JOBLOG_NAMESPACE", "{a}"),
        ("MODOMO_REDIS_URL", "http://store"),
        ("MODOMO_REDIS_WAIT_REPLICAS", "-1"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){variable.removeprefix('MODOMO_')}"):
        env.read(JobStoreSettings, prefix="MODOMO_ANY_", environ={variable: value})


async def test_a_node_of_a_cluster_is_named_as_one_where_it_is_taken_for_a_server(tmp_path: Path) -> None:
    (bus,) = ports.free(1)
    server = Valkey(tmp_path / "node", **{"cluster-enabled": "yes", "cluster-port": str(bus)})  # no slot is here
    server.start()
    jobstore = connect(JobStoreSettings(redis_url=server.url))
    try:
        with capture_logs() as lines, pytest.raises(Unavailable):
            await jobstore.jobs.submit(new_job(), queue_limit=10)
        assert any("redis+cluster://" in line["event"] for line in lines)
    finally:
        await jobstore.jobs.close()
        server.kill()
