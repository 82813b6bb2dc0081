"""Composes and runs `gateway firstlook`: makes first looks, and sweeps, as no worker may be there to do so."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from gateway.clients.controlmaps import ControlMapsClient
from gateway.clients.detection import DetectionClient
from gateway.clients.diffusion import DiffusionClient
from gateway.clients.readiness import Readiness
from gateway.jobs.groups.store import RoomGroups
from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import StageCache
from gateway.worker.first_look.maker import FirstLookMaker
from gateway.worker.first_look.settings import PREFIX, FirstLookSettings
from gateway.worker.main import report
from gateway.worker.sweeper import Sweeper
from servicekit import process
from servicekit.config import env
from servicekit.jobstore.redis import connect
from servicekit.rpc import client
from servicekit.rpc.server import health_checks, until_stopped
from servicekit.rpc.tls import Security
from servicekit.storage.settings import open_store


async def main() -> None:
    """Works until it is told to stop."""
    settings = env.read(FirstLookSettings, prefix=PREFIX)
    process.begin("gateway-firstlook", settings)
    await work(settings, until_stopped)


async def work(settings: FirstLookSettings, stopped: Callable[[], Awaitable[object]]) -> None:
    """Works until the awaitable that `stopped` returns is done. Looks that are under way are dropped then."""
    async with AsyncExitStack() as exits:
        jobstore = connect(settings)
        exits.push_async_callback(jobstore.jobs.close)
        exits.push_async_callback(jobstore.first_looks.close)
        store = open_store(settings)
        exits.push_async_callback(store.close)
        groups = RoomGroups(settings, jobstore.jobs)
        exits.push_async_callback(groups.close)
        cache = StageCache(store, days=settings.cache_days)
        sweeper = Sweeper(
            store=store,
            job_store=jobstore.jobs,
            cache=cache,
            purger=Purger(store=store, job_store=jobstore.jobs, groups=groups),
            pause_seconds=settings.sweep_seconds,
        )
        addresses = (settings.detection_address, settings.controlmaps_address, settings.diffusion_address)
        security = Security.of(settings)
        detection, controlmaps, diffusion = [
            await exits.enter_async_context(client.channel(address, security=security)) for address in addresses
        ]
        maker = FirstLookMaker(
            jobstore.first_looks,
            detection=DetectionClient(detection),
            controlmaps=ControlMapsClient(controlmaps),
            diffusion=DiffusionClient(diffusion),
            store=store,
            cache=cache,
        )
        running = [maker.run() for _ in range(settings.parallel_jobs)]
        tasks = [asyncio.create_task(one) for one in (*running, sweeper.run())]
        if settings.health_address:
            health = await exits.enter_async_context(health_checks(settings.health_address))
            readiness = Readiness({"redis": jobstore.jobs.check, "storage": store.check})
            tasks.append(asyncio.create_task(report(readiness, health)))
        stop = asyncio.ensure_future(stopped())
        try:
            await asyncio.wait((stop, *tasks), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stop, *tasks):
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
