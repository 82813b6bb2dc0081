"""A gRPC server as all of our services run it.

Health says SERVING only once the service's engine has run; reflection lists what is served; after SIGTERM or SIGINT the
server accepts no more calls, waits for running ones, and ends.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from servicekit.inference import allocator
from servicekit.inference.engine import EngineInfo, info_to_proto
from servicekit.observability import logs
from servicekit.rpc import reflection
from servicekit.rpc.probe_limits import ProbeLimits
from servicekit.rpc.server_interceptors import ServiceInterceptor
from servicekit.rpc.tls import Security

log = logs.get(__name__)

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
ENGINE_KEY: Final = "x-modomo-engine"
"""Initial metadata of every health answer: the name of the service's engine, for operators."""
MODELS_KEY: Final = "x-modomo-engine-bin"
"""Beside it, the engine with its models and their licences: a `modomo.type.v1.Engine`."""

_HANDSHAKE_MILLISECONDS: Final = 10_000
"""How long a connection may say nothing, where connections are scarce."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """How a server listens and ends."""

    address: str
    """`host:port` to listen on; port 0 takes a free one."""

    drain_seconds: float = 20.0
    """How long running calls may take to end after the signal to stop."""

    max_connection_age_seconds: int = 300
    """Connections are renewed after this long, so that clients find new replicas behind a headless service."""

    keepalive_seconds: float = 10.0
    """A connection that is silent for so long is pinged, and its calls end after as long again without an answer: a
    caller that is frozen, or off the network, must not keep an engine busy."""

    max_concurrent_rpcs: int = 1000
    """Further calls are refused with RESOURCE_EXHAUSTED."""

    max_message_bytes: int = MAX_MESSAGE_BYTES
    """Larger messages are refused before they are read."""

    max_connection_rpcs: int = 0
    """Calls on one connection at a time; 0 for any number. A well-behaved caller waits; the calls of one that opens and
    resets them without end are refused by the transport, and cost the event loop nothing."""

    max_connections: int = 0
    """Further connections are closed at once; 0 for any number."""

    read_ahead: bool = True
    """Whether windows grow with the speed of a connection, so that megabytes of a message arrive before anybody has
    asked for it; otherwise 64 KiB do."""

    security: Security = field(default_factory=Security)
    """TLS, or plaintext; by default plaintext on this machine alone."""

    health_address: str = ""
    """`host:port` that answers health checks alone, always in plaintext; empty for none."""


class Registration(Protocol):
    """Adds one servicer to a server: a lambda around the generated `add_…_to_server`."""

    def __call__(self, server: grpc.aio.Server) -> None:
        """Called once, before the server starts."""


@asynccontextmanager
async def running(
    options: ServerOptions,
    registrations: Sequence[tuple[str, Registration]],
    interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
) -> AsyncIterator["RunningServer"]:
    """Listens at once, not yet SERVING; `registrations` are full service names (from descriptors) and registrations.

    What `interceptors` raise is answered, logged and counted as what services raise.
    """
    server = grpc.aio.server(
        interceptors=[ServiceInterceptor(), ProbeLimits(), *interceptors],
        maximum_concurrent_rpcs=options.max_concurrent_rpcs,
        options=[
            ("grpc.max_receive_message_length", options.max_message_bytes),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_connection_age_ms", options.max_connection_age_seconds * 1000),
            ("grpc.max_connection_age_grace_ms", 600_000),
            ("grpc.keepalive_time_ms", round(options.keepalive_seconds * 1000)),
            ("grpc.keepalive_timeout_ms", round(options.keepalive_seconds * 1000)),
            ("grpc.http2.ping_timeout_ms", round(options.keepalive_seconds * 1000)),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.so_reuseport", 0),
            *_bounds(options),
        ],
    )
    servicer = _HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for _name, register in registrations:
        register(server)
    names = [name for name, _register in registrations]
    reflection.enable([*names, health.SERVICE_NAME], server)
    for name in ("", *names):
        await servicer.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
    port = options.security.listen(server, options.address)
    await server.start()
    log.info("listening", address=options.address, port=port, tls=options.security.identity is not None)
    async with _health_port(servicer, options.health_address) as health_port:
        handle = RunningServer(port=port, health_port=health_port, names=names, health_servicer=servicer)
        try:
            yield handle
        finally:
            await servicer.enter_graceful_shutdown()
            log.info("draining", seconds=options.drain_seconds)
            await server.stop(options.drain_seconds)
            log.info("stopped")


def _bounds(options: ServerOptions) -> list[tuple[str, int]]:
    """Channel arguments that bound what one caller can open, and what arrives of it unasked."""
    bounds = []
    if options.max_connection_rpcs:
        bounds.append(("grpc.max_concurrent_streams", options.max_connection_rpcs))
    if options.max_connections:
        bounds.append(("grpc.max_allowed_incoming_connections", options.max_connections))
        bounds.append(("grpc.server_handshake_timeout_ms", _HANDSHAKE_MILLISECONDS))
    if not options.read_ahead:
        bounds.append(("grpc.http2.bdp_probe", 0))
    return bounds


@asynccontextmanager
async def health_checks(address: str) -> AsyncIterator["RunningServer"]:
    """Answers health checks alone, not yet SERVING, at `host:port`: for a process that serves no calls.

    In plaintext, since probes have no certificate.
    """
    servicer = _HealthServicer()
    await servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    async with _health_port(servicer, address) as port:
        yield RunningServer(port=port, health_port=port, names=[], health_servicer=servicer)


@asynccontextmanager
async def _health_port(servicer: "_HealthServicer", address: str) -> AsyncIterator[int]:
    """Answers health checks on a port of their own, for probes without a certificate; yields the port, 0 for none."""
    if not address:
        yield 0
        return
    server = grpc.aio.server(maximum_concurrent_rpcs=100, options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port(address)
    await server.start()
    log.info("answering health checks", address=address, port=port)
    try:
        yield port
    finally:
        await server.stop(0)


class RunningServer:
    """A server that listens."""

    def __init__(
        self, *, port: int, names: Sequence[str], health_servicer: "_HealthServicer", health_port: int = 0
    ) -> None:
        self.port = port
        """The port that it listens on."""
        self.health_port = health_port
        """The port that answers health checks alone; 0 for none."""
        self._names = names
        self._health = health_servicer

    def set_engine(self, info: EngineInfo) -> None:
        """Sets the engine that health checks name, with its models."""
        self._health.engine = info

    async def set_serving(self, serving: bool) -> None:
        """Sets the status that health checks answer."""
        status = health_pb2.HealthCheckResponse
        for name in ("", *self._names):
            await self._health.set(name, status.SERVING if serving else status.NOT_SERVING)
        log.info("serving" if serving else "not serving")


class _HealthServicer(health.aio.HealthServicer):
    """The reference implementation, plus the engine."""

    engine: EngineInfo | None = None

    async def Check(  # noqa: N802 - the base's name
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> health_pb2.HealthCheckResponse:
        """Says whether a service is serving."""
        if self.engine:
            models = info_to_proto(self.engine).SerializeToString()
            await context.send_initial_metadata(((ENGINE_KEY, self.engine.name), (MODELS_KEY, models)))
        response: health_pb2.HealthCheckResponse = await super().Check(request, context)
        return response


async def until_stopped() -> None:
    """Returns on the first SIGTERM or SIGINT. Called once all is set up: what only that needed is given back."""
    allocator.give_back()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
