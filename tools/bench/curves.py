"""`python -m tools.bench.curves`: how throughput and waiting go with clients and with workers, as tables and pictures.

Writes the section of `docs/performance.md` that lies between its markers, and the pictures that it shows. The models do
nothing in the first picture, so that it is of the system alone; in the second one each job's denoising takes a second.
"""

import argparse
import asyncio
import datetime
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console

from tools.bench import machine
from tools.bench.__main__ import stack_for
from tools.bench.client import Client, by_clients
from tools.bench.figures import Samples
from tools.bench.photos import phone_photo, small_photo
from tools.chaos.system import MODULES
from tools.docs import figures, sections

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "performance.md"
CLIENTS: Final = (1, 2, 4, 8, 16, 32, 64)
WORKERS: Final = (1, 2, 4, 8)
UPLOADS: Final = {"1024 pixels": small_photo, "12 megapixels": phone_photo}
STEP_SECONDS: Final = 0.05
"""Of twenty."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What was measured at one number of clients or workers."""

    number: int
    rate: float
    """Jobs per second."""
    p50: float
    """Seconds of a job, from submit to the event of its completion."""
    p95: float


async def point(number: int, job: Callable[[], Awaitable[None]], *, clients: int, jobs: int) -> Point:
    """Runs `jobs` jobs by `clients` clients."""
    samples, total = Samples(), Samples()

    async def one() -> None:
        with samples.measure():
            await job()

    with total.measure():
        await by_clients(clients, jobs, one)
    return Point(number=number, rate=jobs / total.seconds[0], p50=samples.quantile(0.5), p95=samples.quantile(0.95))


def restyle(client: Client, photo: bytes) -> Callable[[], Awaitable[None]]:
    """A job from submit to the event of its completion."""

    async def job() -> None:
        accepted = await client.submit(photo)
        await client.completed(accepted.job_id)

    return job


async def by_number_of_clients(console: Console, *, jobs: int) -> dict[str, list[Point]]:
    """One worker, models that do nothing."""
    curves: dict[str, list[Point]] = {}
    async with stack_for("clients", noop=True) as stack, Client(stack.layout.url, connections=200) as client:
        for name, photo in UPLOADS.items():
            job = restyle(client, photo())
            await job()
            curves[name] = []
            for clients in CLIENTS:
                curves[name].append(await point(clients, job, clients=clients, jobs=max(jobs, 3 * clients)))
                console.log(name, curves[name][-1])
    return curves


async def by_number_of_workers(console: Console) -> list[Point]:
    """Each worker has a diffusion beside it that takes a second a picture; there are always jobs enough."""
    points = []
    for workers in WORKERS:
        with tempfile.TemporaryDirectory(prefix="modomo-steps-") as directory:
            settings = {"STEADY_STEP_SECONDS": str(STEP_SECONDS), "STEADY_LOG": f"{directory}/steps"}
            async with (
                stack_for("workers", modules=MODULES, workers=workers, beside=True, settings=settings) as stack,
                Client(stack.layout.url, connections=200) as client,
            ):
                job = restyle(client, small_photo())
                await job()
                points.append(await point(workers, job, clients=3 * workers, jobs=20 * workers))
        console.log(points[-1])
    return points


def draw_clients(curves: Mapping[str, Sequence[Point]]) -> Figure:
    """Rate above, seconds below."""
    figure = Figure(figsize=(8, 5))
    rates, waits = figure.subplots(2, 1, sharex=True)
    for number, (name, points) in enumerate(curves.items()):
        clients, colour = [one.number for one in points], f"C{number}"
        rates.plot(clients, [one.rate for one in points], "o-", color=colour, lw=1.2, ms=4, label=f"{name} uploaded")
        waits.plot(clients, [one.p50 for one in points], "o-", color=colour, lw=1.2, ms=4)
        waits.plot(clients, [one.p95 for one in points], "o--", color=colour, lw=1.0, ms=3, alpha=0.7)
    _logarithmic(waits, CLIENTS)
    waits.set_yscale("log")
    rates.set_ylim(bottom=0)
    rates.set_ylabel("jobs per second")
    waits.set_ylabel("seconds a job: p50, p95 dashed")
    waits.set_xlabel("clients, each with one job at a time")
    rates.legend(frameon=False, fontsize=8)
    return figure


def draw_workers(points: Sequence[Point]) -> Figure:
    """Rate beside what it were if nothing but denoising took time."""
    figure = Figure(figsize=(8, 3))
    axes = figure.subplots()
    workers = [one.number for one in points]
    axes.plot(workers, [number / (20 * STEP_SECONDS) for number in workers], color="0.6", ls="--", lw=1.0)
    axes.annotate("denoising alone", (workers[-1], workers[-1]), (-8, 0), textcoords="offset points", ha="right")
    axes.plot(workers, [one.rate for one in points], "o-", lw=1.2, ms=4)
    _logarithmic(axes, WORKERS)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("jobs per second")
    axes.set_xlabel("workers, each with a diffusion of its own")
    return figure


def _logarithmic(axes: Axes, numbers: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, labels=[str(number) for number in numbers])


def section(curves: Mapping[str, Sequence[Point]], workers: Sequence[Point], load: float) -> str:
    """Tables and pictures, in Markdown."""
    lines = [
        f"`python -m tools.bench.curves`, {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, on "
        f"{machine.description()}; "
        f"load before it {load:.1f}. Client, all processes and Valkey share the cores.",
        "",
        "![Jobs per second and seconds a job against clients](images/performance-clients.svg)",
        "",
        "| upload | clients | jobs/s | p50, s | p95, s |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {one.number} | {one.rate:.1f} | {one.p50:.3f} | {one.p95:.3f} |"
        for name, points in curves.items()
        for one in points
    ]
    lines += [
        "",
        "![Jobs per second against workers](images/performance-workers.svg)",
        "",
        "| workers | jobs/s | p50, s | p95, s |",
        "|---:|---:|---:|---:|",
    ]
    lines += [f"| {one.number} | {one.rate:.2f} | {one.p50:.2f} | {one.p95:.2f} |" for one in workers]
    return "\n".join(lines)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.curves", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="least number of jobs of each point of the first picture")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and its pictures lie")
    options = parser.parse_args()
    console, load = Console(), os.getloadavg()[0]
    curves = asyncio.run(by_number_of_clients(console, jobs=options.jobs))
    workers = asyncio.run(by_number_of_workers(console))
    for name, figure in (("clients", draw_clients(curves)), ("workers", draw_workers(workers))):
        figures.save(figure, options.docs / "images" / f"performance-{name}.svg")
    page = options.docs / PAGE.name
    page.write_text(sections.replace(page.read_text(), "curves", section(curves, workers, load)))


if __name__ == "__main__":
    main()
