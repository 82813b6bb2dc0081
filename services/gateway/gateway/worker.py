"""Composes and runs `gateway worker`: claims jobs and drives each through the services."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack

from gateway.handling import Handler
from gateway.pipeline.analysis import Analyst
from gateway.pipeline.job import Pipeline
from gateway.pipeline.restyling import Restyler
from gateway.pipeline.stage_cache import StageCache
from gateway.purging import Purger
from gateway.sweeping import Sweeper
from gateway.upstream.controlmaps import ControlMapsClient
from gateway.upstream.detection import DetectionClient
from gateway.upstream.diffusion import DiffusionClient
from gateway.worker_settings import PREFIX, WorkerSettings
from gateway.working import Worker
from servicekit import client, env, logs, metrics
from servicekit.joblog import Job
from servicekit.joblog.redis import connect
from servicekit.server import until_stopped
from servicekit.storage import ObjectStore
from servicekit.storage.settings import open_store
from servicekit.tls import Security


async def main() -> None:
    """Works until it is told to stop."""
    settings = env.read(WorkerSettings, prefix=PREFIX)
    logs.configure("gateway-worker", level=settings.log_level, log_format=settings.log_format)
    metrics.serve(settings.metrics_port)
    await work(settings, until_stopped())


async def work(settings: WorkerSettings, stopped: Awaitable[None]) -> None:
    """Works until `stopped` is done, then drains."""
    async with AsyncExitStack() as exits:
        joblog = connect(settings)
        exits.push_async_callback(joblog.desk.close)
        exits.push_async_callback(joblog.queue.close)
        store = open_store(settings)
        exits.push_async_callback(store.close)
        cache = StageCache(store, days=settings.cache_days)
        pipeline = await _pipeline(settings, exits, store=store, cache=cache)
        purger = Purger(store=store, desk=joblog.desk)

        async def clear_up(job: Job) -> None:
            await cache.flush()
            await purger.after(job)

        worker = Worker(
            joblog.queue,
            Handler(pipeline.run, clear_up=clear_up, retry_seconds=settings.retry_seconds),
            parallel_jobs=settings.parallel_jobs,
            drain_seconds=settings.drain_seconds,
        )
        sweeper = Sweeper(
            store=store, desk=joblog.desk, cache=cache, purger=purger, pause_seconds=settings.sweep_seconds
        )
        sweeping = asyncio.create_task(sweeper.run())
        try:
            await worker.run(stopped)
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])


async def _pipeline(
    settings: WorkerSettings, exits: AsyncExitStack, *, store: ObjectStore, cache: StageCache
) -> Pipeline:
    addresses = (settings.detection_address, settings.controlmaps_address, settings.diffusion_address)
    security = Security.of(settings)
    detection, controlmaps, diffusion = [
        await exits.enter_async_context(client.channel(address, security=security)) for address in addresses
    ]
    maps = ControlMapsClient(controlmaps)
    return Pipeline(
        analyst=Analyst(detection=DetectionClient(detection), controlmaps=maps, cache=cache),
        restyler=Restyler(
            diffusion=DiffusionClient(diffusion),
            controlmaps=maps,
            store=store,
            cache=cache,
            quality_bar=settings.quality_bar,
        ),
        store=store,
        cache=cache,
        previews=settings.previews,
        tier=settings.tier,
        device_usd_per_hour=settings.device_usd_per_hour,
    )
