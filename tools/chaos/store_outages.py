"""Redis and the object store: killed, frozen, slow, failing every third call, gone."""

import asyncio
import logging
import os
import secrets
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import boto3
from moto.server import ThreadedMotoServer

from servicekit.storage.s3 import S3Store
from tools.bench.figures import Samples
from tools.bench.photos import small_photo
from tools.chaos.faulty_http_proxy import FaultyHttpProxy
from tools.chaos.system import System, system
from tools.chaos.traffic import jobs_in_mid_work, until_ready

_LONGEST_ANSWER_SECONDS: Final = 30.0
"""Beyond, a client would say that it hangs."""

_SECRET: Final = "test"
"""The server takes any."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long it is bad."""

    jobs: int
    """For each outage."""
    restarts: int
    """Of Redis, by kill -9."""
    away_seconds: float
    """Each time, and for the object store."""
    slow_seconds: float
    """Before each answer of the object store; 0 leaves this out."""
    frozen: bool
    """Whether Redis is also stopped and continued."""


LONG: Final = Plan(jobs=12, restarts=10, away_seconds=10.0, slow_seconds=0.3, frozen=True)
SHORT: Final = Plan(jobs=2, restarts=1, away_seconds=1.0, slow_seconds=0.0, frozen=False)


@dataclass(kw_only=True)
class Outages:
    """What came of it."""

    jobs: int = 0
    """That completed in spite of an outage."""
    resumed: Samples = field(default_factory=Samples)
    """From Redis's return to the first event that a worker wrote."""
    refused: Samples = field(default_factory=Samples)
    """How long requests took that were answered 503 because Redis or the object store was away."""
    failed_calls: int = 0
    """To the object store."""


async def run(plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None) -> Outages:
    """Raises AssertionError where a job did not complete, a stream had a gap, or a request hung."""
    outages = Outages()
    await _redis(plan, data / "redis", outages, tell)
    await _objects(plan, data / "objects", outages, tell)
    return outages


async def _redis(plan: Plan, data: Path, outages: Outages, tell: Callable[[str], None]) -> None:
    async with system(data, workers=2, idle_seconds=2.0, step_seconds=0.1) as target:
        for number in range(plan.restarts):
            tell(f"Redis killed, {number + 1} of {plan.restarts}")
            async with jobs_in_mid_work(target, plan.jobs) as job_ids:
                target.kill("redis")
                await target.stack.children["redis"].process.wait()
                if number == 0:
                    await _refused(target, job_ids[0], outages)
                await asyncio.sleep(plan.away_seconds)  # the outage
                await target.restart("redis")
                back = time.time()
            outages.resumed.seconds.append(await _first_event_after(back, target, job_ids) - back)
            outages.jobs += plan.jobs
            await until_ready(target)
        if not plan.frozen:
            return
        tell("Redis frozen")
        async with jobs_in_mid_work(target, plan.jobs) as job_ids:
            os.kill(target.pid("redis"), signal.SIGSTOP)
            try:
                await _refused(target, job_ids[0], outages)
            finally:
                os.kill(target.pid("redis"), signal.SIGCONT)
        outages.jobs += plan.jobs


async def _first_event_after(moment: float, target: System, job_ids: Any) -> float:
    logs = [await target.jobstore.events.read(job_id) for job_id in job_ids]
    times = [event.timestamp.timestamp() for log in logs for event in log]
    return min((at for at in times if at > moment), default=moment)


async def _refused(target: System, job_id: str, outages: Outages) -> None:
    """Every request that needs what is away is answered 503, with Retry-After, in a time that nobody calls hanging."""
    session = target.client.session
    requests: tuple[Callable[[], Any], ...] = (
        lambda: session.post("/transform/submit", data=_form()),
        lambda: session.get(f"/transform/status/{job_id}"),
        lambda: session.delete(f"/transform/{uuid.uuid4()}"),  # a frozen Redis would obey in the end
        lambda: session.get(f"/transform/events/{job_id}"),
    )
    for request in requests:
        with outages.refused.measure():
            async with request() as answer:
                assert (answer.status, "Retry-After" in answer.headers) == (503, True), await answer.text()
        assert outages.refused.seconds[-1] < _LONGEST_ANSWER_SECONDS
    await until_ready(target, says=False)  # it may be a second behind


def _form() -> aiohttp.FormData:
    form = aiohttp.FormData({"style": "modern"})
    form.add_field("file", small_photo(), filename="room.jpg", content_type="image/jpeg")
    return form


async def _objects(plan: Plan, data: Path, outages: Outages, tell: Callable[[str], None]) -> None:
    async with _bucket() as (store, faulty, overrides):
        async with system(
            data, workers=1, idle_seconds=6.0, step_seconds=0.05, store=store, overrides=overrides
        ) as target:
            if plan.slow_seconds:
                tell("object store slow")
                async with jobs_in_mid_work(target, plan.jobs):
                    faulty.delay_seconds = plan.slow_seconds
                faulty.delay_seconds = 0.0
                outages.jobs += plan.jobs
            tell("object store failing every third call")
            faulty.fail_every = 3
            async with jobs_in_mid_work(target, plan.jobs):
                pass
            faulty.fail_every = 0
            tell("object store gone")
            async with jobs_in_mid_work(target, plan.jobs):
                faulty.gone = True
                with outages.refused.measure():
                    async with target.client.session.post("/transform/submit", data=_form()) as answer:
                        assert (answer.status, "Retry-After" in answer.headers) == (503, True), await answer.text()
                await asyncio.sleep(plan.away_seconds)  # the outage
                faulty.gone = False
        outages.jobs += 2 * plan.jobs
        outages.failed_calls = faulty.failed


@asynccontextmanager
async def _bucket() -> AsyncIterator[tuple[S3Store, FaultyHttpProxy, dict[str, str]]]:
    """A bucket on a real S3 server, seen directly, and the variables of a system that sees it through the proxy."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, bucket = f"http://{host}:{port}", f"bucket-{secrets.token_hex(4)}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket=bucket)
    store = S3Store(bucket, endpoint=endpoint, region="us-east-1", access_key_id="test", secret_access_key=_SECRET)
    try:
        async with FaultyHttpProxy(endpoint).running() as faulty:
            overrides = {
                "MODOMO_STORAGE": "s3",
                "MODOMO_S3_BUCKET": bucket,
                "MODOMO_S3_ENDPOINT": faulty.url,
                "MODOMO_S3_REGION": "us-east-1",
                "MODOMO_S3_ACCESS_KEY_ID": "test",
                "MODOMO_S3_SECRET_ACCESS_KEY": _SECRET,
            }
            yield store, faulty, overrides
    finally:
        await store.close()
        server.stop()
