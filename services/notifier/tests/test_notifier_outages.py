"""The notifier when its store or its own process goes away, and comes back."""

import asyncio
import dataclasses
import json
import os
import signal
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from notifier.app import SERVICE_NAME
from servicekit.jobstore.redis import JobStoreSettings, connect
from tests.fixtures.jobstore import FaultyNetwork, OpenJobStore, analyzing, completed, new_job
from tests.fixtures.notifier import notifier, watching
from tests.fixtures.valkey import Valkey

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def until(channel: grpc.aio.Channel, status: int) -> None:
    """Waits for health to say so."""
    health = health_pb2_grpc.HealthStub(channel)
    answers = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE_NAME))  # type: ignore[attr-defined]  # missing from the type stubs only
    async with asyncio.timeout(20):
        async for answer in answers:
            if answer.status == status:
                break
    answers.cancel()


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


async def test_a_process_that_is_told_to_stop_sends_its_watchers_elsewhere(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    job = new_job()
    await open_jobstore().jobs.submit(job, queue_limit=10)
    environ = os.environ | {
        "MODOMO_REDIS_URL": jobstore_settings.redis_url,
        "MODOMO_JOBLOG_NAMESPACE": jobstore_settings.joblog_namespace,
        "MODOMO_NOTIFIER_LISTEN": "127.0.0.1:0",
        "MODOMO_LOG_FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notifier", env=environ, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        port = await _port_in(process.stderr)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await until(channel, SERVING)
            watch = watching(channel, job.job_id)
            assert (await anext(watch)).seq == 1
            process.send_signal(signal.SIGTERM)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await anext(watch)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            async with asyncio.timeout(10):
                await process.stderr.read()
                assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _port_in(log: asyncio.StreamReader) -> int:
    """The port that a server says it listens on."""
    async for line in log:
        entry = json.loads(line)
        if entry["event"] == "listening":
            return int(entry["port"])
    raise AssertionError("it ended before it listened")
