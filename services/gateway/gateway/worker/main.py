"""Composes and runs `gateway worker`: claims jobs and drives each through the services."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final, NoReturn

import grpc

from gateway.clients.controlmaps import ControlMapsClient
from gateway.clients.detection import DetectionClient
from gateway.clients.diffusion import DiffusionClient
from gateway.clients.health import HealthClient
from gateway.clients.readiness import Readiness
from gateway.jobs.groups.store import RoomGroups
from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import StageCache
from gateway.worker import metrics
from gateway.worker.job_handler import JobHandler
from gateway.worker.neighbours import Neighbours
from gateway.worker.pipeline.group_look import GroupLook
from gateway.worker.pipeline.job import Pipeline
from gateway.worker.pipeline.photo_analysis import AnalysisStage
from gateway.worker.pipeline.restyling import RestylingStage
from gateway.worker.runner import Worker
from gateway.worker.settings import PREFIX, WorkerSettings
from gateway.worker.sweeper import Sweeper
from servicekit import process
from servicekit.config import env
from servicekit.jobstore import Job
from servicekit.jobstore.redis import connect
from servicekit.rpc import client
from servicekit.rpc.server import RunningServer, health_checks, until_stopped
from servicekit.rpc.tls import Security
from servicekit.storage import ObjectStore
from servicekit.storage.settings import open_store

REPORT_SECONDS: Final = 2.0


async def main() -> None:
    """Works until it is told to stop."""
    settings = env.read(WorkerSettings, prefix=PREFIX)
    process.begin("gateway-worker", settings)
    await work(settings, until_stopped)


async def work(settings: WorkerSettings, stopped: Callable[[], Awaitable[object]]) -> None:
    """Works until the awaitable that `stopped` returns is done, then drains. `stopped` is called once all is set up."""
    async with AsyncExitStack() as exits:
        jobstore = connect(settings)
        exits.push_async_callback(jobstore.jobs.close)
        exits.push_async_callback(jobstore.queue.close)
        store = open_store(settings)
        exits.push_async_callback(store.close)
        cache = StageCache(store, days=settings.cache_days)
        groups = RoomGroups(settings, jobstore.jobs)
        exits.push_async_callback(groups.close)
        look = GroupLook(groups, job_store=jobstore.jobs, store=store)
        channels = await _channels(settings, exits)
        neighbours = Neighbours({name: HealthClient(channels[name]).check for name in settings.beside})
        pipeline = _pipeline(settings, channels, store=store, cache=cache, look=look)
        purger = Purger(store=store, job_store=jobstore.jobs, groups=groups)

        async def clear_up(job: Job) -> None:
            await cache.flush()
            await purger.purge_leftovers(job)

        worker = Worker(
            jobstore.queue,
            JobHandler(pipeline.run, clear_up=clear_up, retry_seconds=settings.retry_seconds),
            neighbours=neighbours,
            parallel_jobs=settings.parallel_jobs,
            drain_seconds=settings.drain_seconds,
        )
        sweeper = Sweeper(
            store=store, job_store=jobstore.jobs, cache=cache, purger=purger, pause_seconds=settings.sweep_seconds
        )
        beside = [asyncio.create_task(sweeper.run())]
        if settings.beside:
            beside.append(asyncio.create_task(neighbours.watch()))
        if settings.health_address:
            health = await exits.enter_async_context(health_checks(settings.health_address))
            # the model services are left out: while one is away, its jobs wait
            readiness = Readiness({"redis": jobstore.jobs.check, "storage": store.check})
            beside.append(asyncio.create_task(report(readiness, health)))
        try:
            await worker.run(stopped())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)


async def report(readiness: Readiness, health: RunningServer) -> NoReturn:
    """Tells probes how it is, until it is cancelled."""
    serving = False
    while True:
        ready = await readiness.ready()
        if ready != serving:
            await health.set_serving(ready)
            serving = ready
        await asyncio.sleep(REPORT_SECONDS)


async def _channels(settings: WorkerSettings, exits: AsyncExitStack) -> Mapping[str, grpc.aio.Channel]:
    security = Security.of(settings)
    addresses = {
        "detection": settings.detection_address,
        "controlmaps": settings.controlmaps_address,
        "diffusion": settings.diffusion_address,
    }
    return {
        name: await exits.enter_async_context(client.channel(address, security=security))
        for name, address in addresses.items()
    }


def _pipeline(
    settings: WorkerSettings,
    channels: Mapping[str, grpc.aio.Channel],
    *,
    store: ObjectStore,
    cache: StageCache,
    look: GroupLook,
) -> Pipeline:
    metrics.USD_PER_HOUR.set(settings.device_usd_per_hour)
    maps = ControlMapsClient(channels["controlmaps"])
    client_of_diffusion = DiffusionClient(channels["diffusion"])
    return Pipeline(
        analysis_stage=AnalysisStage(detection=DetectionClient(channels["detection"]), controlmaps=maps, cache=cache),
        restyling_stage=RestylingStage(
            diffusion=client_of_diffusion,
            controlmaps=maps,
            store=store,
            cache=cache,
            quality_bar=settings.quality_bar,
        ),
        look=look,
        diffusion=client_of_diffusion,
        store=store,
        cache=cache,
        previews=settings.previews,
        tier=settings.tier,
        device_usd_per_hour=settings.device_usd_per_hour,
    )
