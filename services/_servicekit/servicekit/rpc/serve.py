"""A service made of one engine and one servicer: listen, load, serve, drain."""

from collections.abc import Sequence
from dataclasses import dataclass

from servicekit.config.settings import ProcessSettings
from servicekit.inference import gpu_metrics
from servicekit.inference.engine import Engine
from servicekit.observability import logs
from servicekit.rpc.server import Registration, ServerOptions, running, until_stopped
from servicekit.rpc.tls import Security

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that can be served, alone or with others."""

    engines: Sequence[Engine]
    """The first gives the service's engine its name in health checks."""

    registration: tuple[str, Registration]
    """Name of the gRPC service, and what puts it on a server."""


async def serve_engines(
    settings: ProcessSettings,
    *,
    listen: str,
    engines: Sequence[Engine],
    registrations: Sequence[tuple[str, Registration]],
) -> None:
    """Answers health checks at once, and says SERVING when every engine has loaded and run once.

    Health checks name the first of `engines`.
    """
    gpu_metrics.register()
    options = ServerOptions(
        address=listen,
        drain_seconds=settings.drain_seconds,
        security=Security.of(settings),
        health_address=settings.health_address,
    )
    async with running(options, registrations) as server:
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
