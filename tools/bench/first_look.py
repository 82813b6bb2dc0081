"""How soon a person sees a first look while 500 jobs wait for one GPU, and while there is no GPU at all.

`python -m tools.bench.first_look`: real processes, real Valkey and the real lite engines; the "GPU" is a diffusion that
takes the time of a T4. The backlog is there and has had its first looks; then somebody new submits a photo every second
or so, and the time runs from there until the event with the first look is announced. Then all of the GPU's side is
killed, and others submit. Every photo differs.
"""

import argparse
import asyncio
import io
import os
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]  # it publishes no types
from PIL import Image
from rich.console import Console

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import Stack, running
from gateway.jobs import object_keys, request
from gateway.jobs.request import JobRequest, Preferences
from servicekit.jobstore import Event, NewJob
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings, connect
from servicekit.storage import ObjectStore
from servicekit.storage.local import LocalStore
from tests.fixtures.sample_room import sample_room
from tools.bench import document
from tools.bench.client import Client
from tools.bench.figures import Row, Samples
from tools.chaos.system import MODULES

GPU_STEP_SECONDS: Final = 0.29
"""Of twenty: a picture at 512² with three ControlNets on a T4 (docs/capacity.md)."""
LOOKERS: Final = ("firstlook", "lite-detection", "lite-controlmaps", "lite-diffusion")
PATIENCE_SECONDS: Final = 30.0
NOTES: Final = """\
A person's submit → the announcement of the event with the first look; CPU time is of the maker of first looks and its
three lite engines together. One picture takes the GPU 5.8 s."""


@dataclass(kw_only=True)
class Looks:
    """What was seen of the first looks."""

    shown_at: dict[str, float] = field(default_factory=dict)
    """By job; `time.perf_counter`."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, jobstore: JobStoreClients) -> None:
        """Until it is cancelled."""
        async with jobstore.events.announcements() as events:
            async for event in events:
                self._see(event)

    def _see(self, event: Event) -> None:
        if event.preview_key == object_keys.first_look(event.job_id):
            self.shown_at.setdefault(event.job_id, time.perf_counter())
            self.changed.set()

    async def of(self, job_id: str) -> float | None:
        """When a job's look was shown; None where it was not in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while job_id not in self.shown_at:
                    self.changed.clear()
                    await self.changed.wait()
        return self.shown_at.get(job_id)


def room(number: int) -> bytes:
    """The sample room with a corner of its own."""
    with Image.open(io.BytesIO(sample_room())) as picture:
        picture.paste(f"#{number % 0x1000000:06x}", (0, 0, 8, 8))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


async def wait_for_gpu(jobstore: JobStoreClients, store: ObjectStore, jobs: int) -> None:
    """Submits jobs of another tenant that have had their first look."""
    photo = room(0)
    asked = JobRequest(style="modern", preferences=Preferences(), photo_digest="ab", width=1024, height=768)
    for _ in range(jobs):
        job_id = str(uuid.uuid4())
        await store.put(object_keys.original(job_id), photo, content_type="image/jpeg")
        job = NewJob(job_id=job_id, payload=request.encode(asked), message="queued", tenant="many", wait_seconds=7200)
        await jobstore.jobs.submit(job, queue_limit=100_000)


async def arrivals(client: Client, looks: Looks, *, count: int, pause: float, first: int) -> tuple[Samples, int]:
    """Seconds to the first look of each, and how many had none."""
    samples, missing = Samples(), 0

    async def one(number: int) -> None:
        nonlocal missing
        begun = time.perf_counter()
        job = await client.submit(room(first + number))
        shown = await looks.of(job.job_id)
        if shown is None:
            missing += 1
        else:
            samples.seconds.append(shown - begun)

    tasks = []
    for number in range(count):
        tasks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(pause)  # between two people
    await asyncio.gather(*tasks)
    return samples, missing


def cpu_seconds(stack: Stack) -> float:
    """That the makers of first looks have used."""
    times = [psutil.Process(stack.children[name].process.pid).cpu_times() for name in LOOKERS]
    return float(sum(one.user + one.system for one in times))


async def measure(console: Console, *, jobs: int, count: int, pause: float) -> list[Row]:
    """Rows of the table."""
    (port,) = ports.free(1)
    with tempfile.TemporaryDirectory(prefix="modomo-first-look-") as directory:
        data = Path(directory)
        layout = on_port(
            port,
            data=data,
            engine="torch",  # in name: stand-ins take the place of all three
            modules=MODULES,
            beside=True,
            overrides={
                "MODOMO_LOG_LEVEL": "WARNING",
                "MODOMO_GATEWAY_QUEUE_LIMIT": "100000",
                "MODOMO_GATEWAY_OWNER_QUEUE_LIMIT": "100000",
                "MODOMO_GATEWAY_UNITS_PER_MINUTE": "0",
                "MODOMO_GATEWAY_WAIT_SECONDS": "7200",
                "MODOMO_GATEWAY_RETENTION_SECONDS": "86400",
                "MODOMO_GATEWAY_MAY_SLEEP": "detection,controlmaps,diffusion",
                "STEADY_STEP_SECONDS": str(GPU_STEP_SECONDS),
                "STEADY_LOG": str(data / "steps"),
            },
        )
        async with running(layout) as stack, Client(layout.url) as client:
            jobstore, looks = connect(JobStoreSettings(redis_url=layout.redis_url)), Looks()
            watching = asyncio.create_task(looks.watch(jobstore))
            console.log(f"{jobs} jobs")
            await wait_for_gpu(jobstore, LocalStore(data / "objects"), jobs)
            await arrivals(client, looks, count=3, pause=pause, first=-3)  # the engines' first photos
            waiting = (await jobstore.jobs.queue_state()).waiting
            console.log(f"{waiting} wait")
            before = cpu_seconds(stack)
            busy, without = await arrivals(client, looks, count=count, pause=pause, first=0)
            each = (cpu_seconds(stack) - before) / count
            for name in ("worker-1", "diffusion-1", "detection", "controlmaps"):
                stack.children[name].process.kill()
            console.log("the GPU's side is gone")
            none, without_gpu = await arrivals(client, looks, count=count, pause=pause, first=count)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            for role in (jobstore.jobs, jobstore.events):
                await role.close()
    cores, load = os.cpu_count(), os.getloadavg()[1]
    return [
        Row(
            what=f"submit → first look, {waiting} jobs wait for one GPU, {count} people, one every {pause:g} s",
            figure=f"{quantiles(busy)}; {without} without",
        ),
        Row(what="the same, no GPU and no worker at all", figure=f"{quantiles(none)}; {without_gpu} without"),
        Row(
            what="CPU time of a first look",
            figure=f"{each:.2f} s ({cores} cores, load of the machine {load:.1f})",
        ),
    ]


def quantiles(samples: Samples) -> str:
    """Median and 95th percentile."""
    return f"p50 {samples.quantile(0.5):.2f} s, p95 {samples.quantile(0.95):.2f} s"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.first_look", description=__doc__)
    parser.add_argument("--jobs", type=int, default=500, help="that wait for the GPU")
    parser.add_argument("--people", type=int, default=60, help="who come then")
    parser.add_argument("--pause", type=float, default=1.5, help="seconds between two of them")
    parser.add_argument("--write", action="store_true", help="write the table to BENCHMARKS.md")
    parser.add_argument("--remark", default="", help="what is to be known of the run, for BENCHMARKS.md")
    options = parser.parse_args()
    console = Console()
    rows = asyncio.run(measure(console, jobs=options.jobs, count=options.people, pause=options.pause))
    for row in rows:
        console.print(f"{row.what}: {row.figure}", soft_wrap=True)
    if options.write:
        command = "python -m tools.bench.first_look --write"
        document.write(
            "first-look", title="First looks", command=command, rows=rows, notes=f"{NOTES} {options.remark}".strip()
        )


if __name__ == "__main__":
    main()
