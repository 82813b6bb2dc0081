"""The same job here and on others, one after the other in one run: rate, wait, CPU time and memory.

`make peers`. The job: a photo comes in, four stages and twenty steps do nothing, a picture goes out and has been read
by who asked. Ours is this repository's whole stack on its local object store; each of the others is a pinned release in
an environment of its own, held to hashes. The client shares the machine's cores with each of them.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import psutil  # type: ignore[import-untyped]  # it publishes no types
from rich.console import Console

from deploy.local import ports
from tools.bench import document
from tools.bench.__main__ import stack_for
from tools.bench.client import Client, LoadError, by_clients
from tools.bench.figures import Row, Samples
from tools.bench.machine import proportional_megabytes
from tools.bench.peers.peer import CLIENTS, PEERS, Peer, python
from tools.bench.photos import phone_photo, small_photo

PHOTOS: Final = {"12 megapixels": phone_photo, "1024 pixels": small_photo}
JOBS: Final = 200
ALONE: Final = 20
START_SECONDS: Final = 60.0
BUSY: Final = 409
BUSY_SECONDS: Final = 0.005
NOTES: Final = """\
CPU time and memory (proportional set size, after the jobs) are of all the processes of a program, without the client.
What each leaves out of what ours does: """


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One program with one size of photo."""

    rate: float
    """Jobs per second, twenty clients."""
    alone_ms: float
    """Median of one client's jobs."""
    cpu_ms: float
    """Of a job, twenty clients."""
    megabytes: float

    def cell(self) -> str:
        """For the table."""
        return (
            f"{self.rate:.1f} jobs/s; alone {self.alone_ms:.0f} ms; CPU {self.cpu_ms:.0f} ms a job; "
            f"{self.megabytes:.0f} MB"
        )


def processes(root: psutil.Process) -> list[psutil.Process]:
    """It and all that it started."""
    return [root, *root.children(recursive=True)]


async def measure(roots: Sequence[int], job: Callable[[], Awaitable[None]], jobs: int) -> Measured:
    """Runs `job` alone, then by twenty clients; `roots` are the ids of the processes that pay for it."""
    members = [member for root in roots for member in processes(psutil.Process(root))]
    await job()
    alone = Samples()
    for _number in range(ALONE):
        with alone.measure():
            await job()
    before, start = _cpu_seconds(members), time.perf_counter()
    await by_clients(CLIENTS, jobs, job)
    took = time.perf_counter() - start
    return Measured(
        rate=jobs / took,
        alone_ms=alone.quantile(0.5) * 1000,
        cpu_ms=(_cpu_seconds(members) - before) / jobs * 1000,
        megabytes=sum(proportional_megabytes(member.pid) for member in members),
    )


def _cpu_seconds(members: Sequence[psutil.Process]) -> float:
    return sum(sum(member.cpu_times()[:2]) for member in members)


async def ours(photo: bytes, jobs: int) -> Measured:
    """A job from submit to the picture, read by the client."""
    async with stack_for("peers", noop=True) as stack, Client(stack.layout.url) as client:

        async def job() -> None:
            accepted = await client.submit(photo)
            await client.completed(accepted.job_id)
            result = (await client.status(accepted.job_id))["result"]
            async with client.session.get(result["transformed_url"]) as answer:
                _expect_jpeg(answer.status, await answer.read())

        return await measure([child.process.pid for child in stack.children.values()], job, jobs)


async def theirs(peer: Peer, photo: bytes, jobs: int) -> Measured:
    """A request to a peer; the client is nobody's cost."""
    body = peer.body(photo)
    headers = {"Content-Type": peer.content_type} if peer.content_type else {}
    async with _serving(peer) as (process, session):

        async def job() -> None:
            while True:
                data = body if isinstance(body, bytes) else peer.body(photo)  # a form can be sent once
                async with session.post(peer.path, data=data, headers=headers) as answer:
                    content = await answer.read()
                if answer.status != BUSY:
                    break
                await asyncio.sleep(BUSY_SECONDS)  # cog frees a slot only some time after its answer
            if answer.status != 200:
                raise LoadError(f"{peer.name} answered {answer.status}: {content[:200]!r}")
            if peer.package:
                _expect_jpeg(answer.status, peer.picture(content))

        return await measure([process.pid], job, jobs)


def _expect_jpeg(status: int, picture: bytes) -> None:
    if status != 200 or not picture.startswith(b"\xff\xd8"):
        raise LoadError(f"no picture: {status}, {picture[:100]!r}")


@asynccontextmanager
async def _serving(peer: Peer) -> AsyncIterator[tuple[asyncio.subprocess.Process, aiohttp.ClientSession]]:
    (port,) = ports.free(1)
    with tempfile.TemporaryDirectory(prefix="modomo-peer-") as directory:
        log = Path(directory) / "log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *peer.command(port), stdout=file, stderr=file, env={**os.environ, **peer.variables(port)}
            )
        members = []
        try:
            connector = aiohttp.TCPConnector(limit=64)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector) as session:
                await _until_it_answers(peer, session, log)
                members = processes(psutil.Process(process.pid))
                yield process, session
        finally:
            for member in members or processes(psutil.Process(process.pid)):
                member.terminate()
            _gone, alive = await asyncio.to_thread(psutil.wait_procs, members, timeout=10)
            for member in alive:
                member.kill()
            await process.wait()


async def _until_it_answers(peer: Peer, session: aiohttp.ClientSession, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            async with session.post(
                peer.path,
                data=peer.body(small_photo()),
                headers={"Content-Type": peer.content_type} if peer.content_type else {},
            ) as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)  # between two tries to reach a process that starts
    said = await asyncio.to_thread(log.read_text)
    raise LoadError(f"{peer.name} did not answer within {START_SECONDS:g} s: {said[-2000:]}")


def version(peer: Peer) -> str:
    """Of the release in the peer's environment."""
    if not peer.package:
        return peer.name
    asked = f"import importlib.metadata as m; print(m.version({json.dumps(peer.package)}))"
    said = subprocess.run([python(peer.package), "-c", asked], capture_output=True, text=True, check=True)
    return f"{peer.name} {said.stdout.strip()}"


async def run(console: Console, *, jobs: int) -> list[Row]:
    """Every size with every program; ours first, and again last, so that a machine that slows down shows."""
    rows = []
    for size, photo in PHOTOS.items():
        first = await ours(photo(), jobs)
        console.log(f"{size}, ours: {first.cell()}")
        others = []
        for peer in PEERS:
            others.append(await theirs(peer, photo(), jobs))
            console.log(f"{size}, {peer.name}: {others[-1].cell()}")
        last = await ours(photo(), jobs)
        console.log(f"{size}, ours again: {last.cell()}")
        rows.append(Row(what=f"{size}: ours, first and last of the run", figure=first.cell(), baseline=last.cell()))
        best = max(first, last, key=lambda one: one.rate)
        rows += [
            Row(
                what=f"{size}: ours beside {version(peer)}",
                figure=best.cell(),
                baseline=measured.cell(),
                ratio=f"{best.rate / measured.rate:.2f}× its rate, {best.cpu_ms / measured.cpu_ms:.1f}× its CPU time",
            )
            for peer, measured in zip(PEERS, others, strict=True)
        ]
    return rows


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="make peers", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="by twenty clients, of each program and size")
    parser.add_argument("--print", action="store_true", help="print the table and leave BENCHMARKS.md as it is")
    options = parser.parse_args()
    console = Console()
    rows = asyncio.run(run(console, jobs=options.jobs))
    lacks = "; ".join(f"**{version(peer)}**: {peer.lacks}" for peer in PEERS)
    if options.print:
        console.print(*(f"{row.what} | {row.figure} | {row.baseline} | {row.ratio}" for row in rows), sep="\n")
        return
    document.write("peers", title="Beside others", command="make peers", rows=rows, notes=NOTES + lacks + ".")


if __name__ == "__main__":
    main()
