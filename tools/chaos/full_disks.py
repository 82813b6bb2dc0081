"""Disks that are full and memory that is: of the object store and of Redis, in mid-work, until there is room again.

Runs as a program in a mount namespace of its own, with a small tmpfs in place of each disk.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from redis.asyncio import Redis

from deploy.local.stack import ROOT
from tools.bench.photos import small_photo
from tools.chaos import namespaces
from tools.chaos.system import System, system
from tools.chaos.traffic import jobs_in_mid_work, until_ready

_DISK_MEGABYTES: Final = 48


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long it is bad."""

    jobs: int
    """For each case."""
    full_seconds: float


LONG: Final = Plan(jobs=12, full_seconds=20.0)
SHORT: Final = Plan(jobs=2, full_seconds=0.2)


@dataclass(kw_only=True)
class Full:
    """What came of it."""

    jobs: int = 0
    """That completed in spite of it."""
    refused: int = 0
    """Submissions that were told to come again."""


async def run(plan: Plan, *, tell: Callable[[str], None] = lambda _: None) -> Full:
    """Runs the program; raises AssertionError with what it says where it fails."""
    tell("disks are full")
    described = msgspec.json.encode(plan).decode()
    command = [*namespaces.own("mount"), sys.executable, "-m", "tools.chaos.full_disks", described]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, problem = await process.communicate()
    assert process.returncode == 0, problem.decode()[-4000:]
    return msgspec.json.decode(said.splitlines()[-1], type=Full)


async def _all(plan: Plan, data: Path) -> Full:
    done = Full()
    async with system(data, workers=2, idle_seconds=6.0, step_seconds=0.1) as target:
        async with jobs_in_mid_work(target, plan.jobs):
            ballast = _fill(data / "objects")
            await _refused(target, done)
            await asyncio.sleep(plan.full_seconds)  # the outage
            ballast.unlink()
        await until_ready(target)
        async with jobs_in_mid_work(target, plan.jobs):
            await _without_memory(target, plan, done)
        await until_ready(target)
        async with jobs_in_mid_work(target, plan.jobs):
            ballast = _fill(data / "valkey")
            await target.stack.children["redis"].process.wait()  # with its next write, which it could not keep
            await _refused(target, done)
            await asyncio.sleep(plan.full_seconds)  # the outage
            ballast.unlink()
            await target.restart("redis")
        await until_ready(target)
    done.jobs = 3 * plan.jobs
    return done


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    size = ["-o", f"size={_DISK_MEGABYTES}m"]
    subprocess.run(["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(disk: Path) -> Path:
    """Leaves no byte."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


async def _without_memory(target: System, plan: Plan, done: Full) -> None:
    async with Redis.from_url(target.stack.layout.redis_url) as redis:
        await redis.config_set("maxmemory", "1mb")  # which it has long: with `noeviction` no write is taken
        await _refused(target, done)
        await asyncio.sleep(plan.full_seconds)  # the outage
        await redis.config_set("maxmemory", "0")


async def _refused(target: System, done: Full) -> None:
    """Whoever submits is told to come again."""
    form = aiohttp.FormData({"style": "modern"})
    form.add_field("file", small_photo(), filename="room.jpg", content_type="image/jpeg")
    async with target.client.session.post("/transform/submit", data=form) as answer:
        assert (answer.status, "Retry-After" in answer.headers) == (503, True), await answer.text()
    done.refused += 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("plan")
    chosen = msgspec.json.decode(parser.parse_args().plan, type=Plan)
    with tempfile.TemporaryDirectory(prefix="modomo-full-") as directory:
        where = Path(directory)
        with _small_disk(where / "objects"), _small_disk(where / "valkey"):
            came = asyncio.run(_all(chosen, where))
    print(msgspec.json.encode(asdict(came)).decode())
