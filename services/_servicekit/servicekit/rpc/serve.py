"""A service made of one engine and one servicer: listen, load, serve, drain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servicekit.config.settings import ProcessSettings
from servicekit.inference import device_lost, gpu_metrics
from servicekit.inference.device_lost import DeviceLost
from servicekit.inference.engine import Engine
from servicekit.observability import logs
from servicekit.rpc.server import Registration, RunningServer, ServerOptions, running, until_stopped
from servicekit.rpc.tls import Security

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that can be served, alone or with others."""

    engines: Sequence[Engine]
    """The first gives the service's engine its name in health checks."""

    registration: tuple[str, Registration]
    """Name of the gRPC service, and what puts it on a server."""


WATCHERS_SECONDS: Final = 0.2
"""That whoever watches the health of a service has to hear that it ends."""


async def _end(server: RunningServer, error: DeviceLost) -> None:
    await server.set_serving(False)
    await asyncio.sleep(WATCHERS_SECONDS)
    device_lost.end_process(error)


async def serve_engines(
    settings: ProcessSettings,
    *,
    listen: str,
    engines: Sequence[Engine],
    registrations: Sequence[tuple[str, Registration]],
) -> None:
    """Answers health checks at once, and says SERVING when every engine has loaded and run once.

    Health checks name the first of `engines`. A device that is lost ends the process at once, after health checks say
    NOT_SERVING.
    """
    gpu_metrics.register()
    options = ServerOptions(
        address=listen,
        drain_seconds=settings.drain_seconds,
        security=Security.of(settings),
        health_address=settings.health_address,
    )
    async with running(options, registrations) as server:
        ending: set[asyncio.Task[None]] = set()
        device_lost.on_loss(lambda error: ending.add(asyncio.ensure_future(_end(server, error))))
        try:
            for engine in engines:
                await engine.load()
                log.info("engine ready", engine=engine.info.name, models=[model.name for model in engine.info.models])
            server.set_engine(engines[0].info)
            await server.set_serving(True)
            await until_stopped()
        finally:
            await server.set_serving(False)
    for engine in engines:
        await engine.close()
