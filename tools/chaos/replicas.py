"""A system with two processes of each kind, which are replaced one by one, behind a balancer.

The two gateways stand behind a balancer as simple as one can be: it passes connections on to gateways that say they are
ready.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from deploy.local import ports
from deploy.local.layout import SERVICES, Layout, environment, redis_command
from deploy.local.options import on_port
from deploy.local.processes import Child
from deploy.local.stack import ROOT, Stack
from servicekit.jobstore.redis import JobStoreSettings, connect
from servicekit.storage.local import LocalStore
from tools.bench.client import Client
from tools.chaos.system import MODULES, System

REPLICAS: Final = 2
FIRST_LOOK: Final = "services/gateway/gateway/worker/first_look"
"""Where a release has what makes first looks; earlier ones had the worker do so."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version of the services, as it is installed."""

    root: Path = ROOT
    python: Path = Path(sys.executable)
    modules: Mapping[str, str] = field(default_factory=dict)
    """Module that runs instead of a service's own, by service."""


THIS: Final = Release(modules=MODULES)
"""The services as they are here, with model services that take a known time."""


class Processes:
    """Two of everything but Redis."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._children: dict[str, Child] = {}
        count = REPLICAS * (len(SERVICES) + 1)
        free = iter(ports.free(count + REPLICAS))
        self._ports = {f"{name}-{number}": next(free) for name in (*SERVICES, "gateway") for number in range(REPLICAS)}
        self._grpc_ports = {f"gateway-{number}": next(free) for number in range(REPLICAS)}

    def names(self) -> list[str]:
        """All but Redis, whoever is called before who calls: gateways last."""
        kinds = (*SERVICES, "worker", "firstlook", "gateway")
        return [f"{name}-{number}" for name in kinds for number in range(REPLICAS)]

    def gateways(self) -> list[int]:
        """Ports of the gateways."""
        return [self._ports[f"gateway-{number}"] for number in range(REPLICAS)]

    async def start(self, name: str, release: Release) -> None:
        """Returns when it serves; at once where the release has no such process."""
        service = name.partition("-")[0]
        if service == "firstlook" and not (release.root / FIRST_LOOK).exists():
            return
        command = [str(release.python), "-m", release.modules.get(service, service)]
        if service in ("worker", "firstlook", "gateway"):
            command = [str(release.python), "-m", "gateway", "api" if service == "gateway" else service]
        self._children[name] = await Child.start(
            name,
            redis_command(self._layout) if name == "redis" else command,
            environment=self._environment(name),
            directory=release.root,
            log=self._layout.log(name),
        )
        if name in self._ports:
            await _until_it_listens(self._ports[name])

    async def replace(self, name: str, release: Release = THIS, *, kill: bool = False) -> None:
        """SIGTERM, or SIGKILL, and a new one when the old one has ended."""
        child = self._children.pop(name, None)
        if child is None:
            await self.start(name, release)
            return
        if kill:
            child.process.kill()
            await child.process.wait()
        else:
            await child.stop()
            assert child.process.returncode == 0, child.last_lines()
        await self.start(name, release)

    async def stop(self) -> None:
        """Ends all of them, Redis last."""
        for child in reversed(self._children.values()):
            await child.stop()

    def _environment(self, name: str) -> dict[str, str]:
        def address(service: str) -> str:
            return "ipv4:" + ",".join(f"127.0.0.1:{self._ports[f'{service}-{n}']}" for n in range(REPLICAS))

        own = f"127.0.0.1:{self._ports.get(name, 0)}"
        service = name.partition("-")[0]
        return {
            **environment(self._layout),
            **{f"MODOMO_{service.upper()}_ADDRESS": address(service) for service in SERVICES},
            f"MODOMO_{service.upper()}_LISTEN": own,
            "MODOMO_GATEWAY_GRPC_LISTEN": f"127.0.0.1:{self._grpc_ports.get(name, 0)}",
        }


@asynccontextmanager
async def doubled(data: Path, release: Release = THIS) -> AsyncIterator[tuple[Processes, "Balancer", System]]:
    (port,) = ports.free(1)
    layout = on_port(
        port,
        data=data,
        overrides={
            "MODOMO_GATEWAY_UNITS_PER_MINUTE": "0",
            "MODOMO_TLS_PLAINTEXT": "true",  # lists of addresses are not looked into
            # elsewhere nobody is sent to a process that loads its engine; here their addresses stay
            "MODOMO_GATEWAY_MAY_SLEEP": "detection,controlmaps,diffusion",
            "STEADY_STEP_SECONDS": "0.05",
            "STEADY_LOG": str(data / "steps"),
        },
    )
    processes = Processes(layout)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(processes.stop)
        await processes.start("redis", release)
        await _until_it_listens(layout.redis_port)
        await asyncio.gather(*(processes.start(name, release) for name in processes.names()))
        balancer = Balancer(processes.gateways())
        url = await exits.enter_async_context(balancer.running())
        client = await exits.enter_async_context(Client(url, connections=64))
        jobstore = connect(JobStoreSettings(redis_url=layout.redis_url))
        exits.push_async_callback(jobstore.jobs.close)
        exits.push_async_callback(jobstore.events.close)
        store = LocalStore(data / "objects")
        yield processes, balancer, System(stack=Stack(layout), jobstore=jobstore, store=store, client=client)


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)  # it is starting


class Balancer:
    """Passes each connection on to a gateway that is ready, in turn."""

    def __init__(self, gateways: list[int]) -> None:
        self._ready: list[int] = []
        self._gateways = gateways
        self._turn = 0
        self._looked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Its URL; returns once a gateway is ready."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        looking = asyncio.create_task(self._look())
        try:
            await self.until_all_are_ready()
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            looking.cancel()
            server.close()
            for task in tuple(self._tasks):
                task.cancel()

    async def until_all_are_ready(self) -> None:
        """Returns once a look begun after the call found every gateway ready; raises TimeoutError after a minute."""
        async with asyncio.timeout(60):
            await self._next_look()  # may have begun before
            while True:
                await self._next_look()
                if len(self._ready) == len(self._gateways):
                    return

    async def _next_look(self) -> None:
        self._looked.clear()
        await self._looked.wait()

    async def _look(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                ready = []
                for port in self._gateways:
                    with suppress(aiohttp.ClientError):
                        async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                            if answer.status == 200:
                                ready.append(port)
                self._ready = ready
                self._looked.set()
                await asyncio.sleep(0.1)  # between two looks

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        for attempt in range(len(self._ready) or 1):
            with suppress(OSError, IndexError, ZeroDivisionError):
                port = self._ready[(self._turn + attempt) % len(self._ready)]
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                for source, sink in ((reader, far_writer), (far_reader, writer)):
                    task = asyncio.create_task(_pass_on(source, sink))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                return
        writer.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()
