"""The notifier's process."""

import asyncio
import json
import os
import signal
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2

from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, submit_one
from tests.fixtures.notifier import until, watching


async def test_a_process_that_is_told_to_stop_sends_its_watchers_elsewhere(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings
) -> None:
    job_id = await submit_one(open_jobstore())
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
            await until(channel, health_pb2.HealthCheckResponse.SERVING)
            watch = watching(channel, job_id)
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
