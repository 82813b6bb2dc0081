"""What a picture costs without a GPU: `python -m tools.bench.cpu_tier` measures `make run MODOMO_ENGINE=cpu`.

The models of the tier `cpu` at full size with random weights, in the repositories' own layouts, behind the whole stack;
a job at a time, from the moment that the photo is sent. CPU time, which other work on the machine hardly changes, is
reported beside the seconds. `--tiny` tries the program out; MODOMO_DIFFUSION_BACKEND=torch measures without OpenVINO.
"""

import argparse
import asyncio
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import aiohttp
from PIL import Image

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import ROOT, Stack, running
from tests.fixtures.sample_room import sample_room
from tools.bench import document
from tools.bench.client import Client
from tools.bench.figures import Row, table
from tools.bench.machine import cpu_seconds, proportional_megabytes

STORE: Final = ROOT / "build" / "cpu-tier"
SERVICES: Final = ("detection", "controlmaps", "diffusion")
NOTES: Final = """\
Photo of 1024×768; random weights see and paint noise, in the time and memory of real ones. Seconds are from the request
to the event. CPU seconds are those of all processes together: half of them is what two idle cores need at least."""


@dataclass(frozen=True, kw_only=True)
class JobFigures:
    """One job; seconds since its photo was sent."""

    first_look: float
    first_preview: float
    """Of an unfinished step."""
    completed: float
    cpu: Mapping[str, float]
    """CPU seconds of each process."""
    stages: Mapping[str, float]
    """Seconds of each stage, as the result tells them."""


class Memory:
    """Proportional set sizes in megabytes, looked at once a second."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.together = 0.0
        """The most that all processes had at a time."""
        self.each: dict[str, float] = {}
        """The most that each had."""

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            now = {name: proportional_megabytes(child.process.pid) for name, child in self._stack.children.items()}
            self.together = max(self.together, sum(now.values()))
            self.each = {name: max(size, self.each.get(name, 0.0)) for name, size in now.items()}
            await asyncio.sleep(1.0)  # between two looks


async def job(stack: Stack, client: Client, *, seed: int) -> JobFigures:
    """Sends the sample room and watches it."""
    before = _cpu(stack)
    start = time.perf_counter()
    form = aiohttp.FormData()
    form.add_field("file", _photo(seed), filename="room.jpg", content_type="image/jpeg")
    form.add_field("style", "modern")
    form.add_field("preferences", f'{{"seed": {seed}, "require_room": false}}')
    async with client.session.post("/transform/submit", data=form) as answer:
        accepted: dict[str, Any] = await answer.json()
    seen: dict[str, float] = {}
    async with client.session.ws_connect(accepted["websocket_url"]) as socket:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            event = message.json()
            picture = str(event.get("preview_url") or "")
            name = "first_look" if "first-look" in picture else "first_preview" if picture else event["status"]
            seen.setdefault(name, time.perf_counter() - start)
    result = (await client.status(accepted["job_id"]))["result"]
    return JobFigures(
        first_look=seen["first_look"],
        first_preview=seen["first_preview"],
        completed=seen["completed"],
        cpu={name: after - before[name] for name, after in _cpu(stack).items()},
        stages=result["metadata"]["stage_seconds"],
    )


def _photo(number: int) -> bytes:
    """The sample room at 1024×768; a pixel makes each another photo, of which nothing is known yet."""
    with Image.open(io.BytesIO(sample_room())) as room:
        photo = room.convert("RGB").resize((1024, 768), Image.Resampling.LANCZOS)
    photo.putpixel((0, 0), (number * 40, 0, 0))
    encoded = io.BytesIO()
    photo.save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def _cpu(stack: Stack) -> dict[str, float]:
    return {name: cpu_seconds(child.process.pid) for name, child in stack.children.items()}


async def measure(store: Path, data: Path, *, jobs: int, settings: Mapping[str, str]) -> list[Row]:
    """All rows, after one job that is not counted."""
    (port,) = ports.free(1)
    layout = on_port(port, data=data, engine="cpu", overrides={"MODOMO_WEIGHTS": str(store), **settings})
    started = time.monotonic()
    load = os.getloadavg()[0]
    async with running(layout) as stack, Client(layout.url) as client:
        ready = time.monotonic() - started
        memory = Memory(stack)
        watching = asyncio.ensure_future(memory.watch())
        made = [await job(stack, client, seed=seed) for seed in range(jobs + 1)][1:]
        watching.cancel()
        await asyncio.wait([watching])
    rows = [Row(what="from nothing to ready, packages installed", figure=f"{ready:.0f} s")]
    for what, name in (
        ("photo → first look, by the lite engines", "first_look"),
        ("photo → preview of the first step", "first_preview"),
        ("photo → picture", "completed"),
    ):
        rows.append(Row(what=what, figure=f"{median(getattr(one, name) for one in made):.1f} s"))
    rows += [
        Row(what=f"of it, {stage}", figure=f"{median(one.stages[stage] for one in made):.1f} s")
        for stage in made[0].stages
    ]
    total = median(sum(one.cpu.values()) for one in made)
    rows.append(Row(what="CPU time of a picture, all processes", figure=f"{total:.1f} s"))
    rows += [Row(what=f"of it, {name}", figure=f"{median(one.cpu[name] for one in made):.1f} s") for name in SERVICES]
    rows.append(Row(what="memory at most at a time, all processes", figure=f"{memory.together / 1024:.1f} GiB"))
    rows += [Row(what=f"{name} alone, at most", figure=f"{memory.each[name] / 1024:.1f} GiB") for name in SERVICES]
    rows.append(Row(what="load of the machine before and after", figure=f"{load:.0f}, {os.getloadavg()[0]:.0f}"))
    return rows


def _write(store: Path, tiny: bool) -> None:
    """In a process of its own: ultralytics sets OMP_NUM_THREADS=1 for its process and all that are started by it."""
    from tools.gpu.cpu_tier_store import write_cpu_tier

    write_cpu_tier(store, tiny=tiny)


def prepare(store: Path, *, tiny: bool) -> None:
    """Fills a weights store with random weights of the tier, unless they are there."""
    if (store / "weights.lock").exists():
        return
    writing = multiprocessing.get_context("spawn").Process(target=_write, args=(store, tiny))
    writing.start()
    writing.join()
    if writing.exitcode:
        raise SystemExit(f"no weights were made: {writing.exitcode}")


def convert(store: Path) -> None:
    """As `make weights TIER=cpu` ends; nothing with MODOMO_DIFFUSION_BACKEND=torch, which then measures that."""
    settings = {**os.environ, "MODOMO_WEIGHTS": str(store)}
    subprocess.run([sys.executable, "-m", "deploy.local.conversion"], env=settings, check=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.cpu_tier", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=3, help="pictures a figure, after one that is not counted")
    parser.add_argument("--store", type=Path, default=STORE, help="where random weights of 3.5 GB lie, made if need be")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the program out; writes no table")
    options = parser.parse_args(arguments)
    prepare(options.store, tiny=options.tiny)
    convert(options.store)
    settings = {"MODOMO_GATEWAY_RUN_SECONDS": "3600"}  # other work on the machine may take most of its time
    with tempfile.TemporaryDirectory(prefix="modomo-cpu-tier-") as data:  # of which no stage's result is known yet
        rows = asyncio.run(measure(options.store, Path(data), jobs=options.jobs, settings=settings))
    if options.tiny:
        print(table(rows))
        return
    command = "python -m tools.bench.cpu_tier"
    print(document.write("cpu tier", title="Real diffusion without a GPU", command=command, rows=rows, notes=NOTES))


if __name__ == "__main__":
    main()
