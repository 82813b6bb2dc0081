"""A rendered container run as a process on this machine: its command, its variables, its probes.

Ports become free ones and addresses loopback; secrets become what the test says; the rest is as the chart has it.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local import ports
from deploy.local.processes import Child
from tests.deploy.charts import container

ENTRY: Final = {"gateway": "gateway", "worker": "gateway", "firstlook": "gateway"}
"""The image's entry point is `python -m` and this, or the component's name."""
TIMEOUT_SECONDS: Final = 60.0

Command = Callable[[Mapping[str, Any], Mapping[str, str]], Sequence[str]]
"""What starts a container of a specification, with these variables."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A container that runs."""

    child: Child
    spec: Mapping[str, Any]
    """Of the container."""
    free: Mapping[int, int]
    """The port that stands for each of the container's."""

    async def probe(self, kind: str) -> bool:
        """Does once what the kubelet does for a probe of this kind."""
        probe = self.spec[kind]
        named = {port["name"]: port["containerPort"] for port in self.spec["ports"]}
        if "httpGet" in probe:
            port = self.free[named[probe["httpGet"]["port"]]]
            async with httpx.AsyncClient(timeout=10) as client:
                try:
                    return (await client.get(f"http://127.0.0.1:{port}{probe['httpGet']['path']}")).is_success
                except httpx.TransportError:
                    return False
        if "tcpSocket" in probe:
            try:
                _reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.free[named[probe["tcpSocket"]["port"]]]
                )
            except OSError:
                return False
            writer.close()
            return True
        return await _serving(self.free[probe["grpc"]["port"]], probe["grpc"].get("service", ""))

    async def until(self, kind: str) -> None:
        """Returns when a probe succeeds; fails where the process ends before, or takes too long."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not await self.probe(kind):
                assert self.child.running, self.child.last_lines()
                await asyncio.sleep(0.1)  # between two probes, as the kubelet

    async def ended(self) -> int:
        """The exit status of a process that ends by itself."""
        return await asyncio.wait_for(self.child.process.wait(), TIMEOUT_SECONDS)

    async def line(self, event: str, **fields: str) -> dict[str, Any]:
        """The first line of the log with this event and these fields, waited for."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                for line in self.lines():
                    if line.get("event") == event and fields.items() <= line.items():
                        return line
                assert self.child.running, self.child.last_lines()
                await asyncio.sleep(0.1)  # another process writes it

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; every line is one JSON object."""
        assert self.child.log is not None, "a pod is started with a log"
        text = self.child.log.read_text()
        return [json.loads(line) for line in text.splitlines() if text.endswith("\n") or line.endswith("}")]


@asynccontextmanager
async def running(
    deployment: Mapping[str, Any],
    *,
    folder: Path,
    secrets: Mapping[str, str],
    files: Mapping[str, Path] | None = None,
    free: Mapping[int, int] | None = None,
    command: Command | None = None,
) -> AsyncIterator[Pod]:
    """Starts a deployment's container; `secrets` has the value of each `name/key`, `files` the folder of each mount.

    `free` has the ports by which components of a release find one another. `command` starts the container from an image
    in place of this environment's Python.
    """
    spec = container(deployment)
    own = {port["containerPort"] for port in spec["ports"]} - (free or {}).keys()
    chosen = {**(free or {}), **dict(zip(own, ports.free(len(own)), strict=True))}
    name = spec["name"]
    environ = {
        one["name"]: _here(one["value"], chosen, files or {})
        if "value" in one
        else secrets["{name}/{key}".format(**one["valueFrom"]["secretKeyRef"])]
        for one in spec["env"]
    }
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - in a test, before anything runs
    environ = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **environ}
    child = await Child.start(
        name,
        command(spec, environ) if command else [sys.executable, "-m", ENTRY.get(name, name), *spec.get("args", ())],
        environment=environ,
        directory=folder,  # nothing of ours lies there, as in the image
        log=folder / f"{name}.log",
    )
    try:
        yield Pod(child=child, spec=spec, free=chosen)
    finally:
        await child.stop()


def _here(value: str, free: Mapping[int, int], files: Mapping[str, Path]) -> str:
    """A value with the ports and folders of this machine."""
    for mount, folder in files.items():
        if value.startswith(mount):
            return str(folder) + value.removeprefix(mount)
    host, colon, port = value.rpartition(":")
    if value.isdecimal() and int(value) in free:
        return str(free[int(value)])
    if not (colon and port.isdecimal() and int(port) in free):
        return value
    ours = host in ("0.0.0.0", "127.0.0.1") or host.startswith("dns:")
    return f"127.0.0.1:{free[int(port)]}" if ours else value


async def _serving(port: int, service: str) -> bool:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
