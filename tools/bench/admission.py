"""What API keys and rate limits cost, and what fair turns are worth: `python -m tools.bench.admission`."""

import argparse
import asyncio
import dataclasses
import time

import psutil  # type: ignore[import-untyped]  # it publishes no types
from rich.console import Console

from deploy.local.stack import Stack
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tools.bench import document
from tools.bench.__main__ import stack_for
from tools.bench.client import Client
from tools.bench.figures import Row, Samples
from tools.bench.photos import small_photo
from tools.bench.status import RATE, poll_completed

HEAVY, LIGHT, BATCH = 100, 5, 20
SECONDS = 10.0
UNLIMITED = {"MODOMO_GATEWAY_UNITS_PER_MINUTE": "10000000"}


async def keys_and_limits() -> Row:
    """The same polls without keys and with one that is counted."""
    holder = key_holder("app")
    async with stack_for("open", noop=True) as stack, Client(stack.layout.url) as client:
        plain, plain_cpu = await _poll(stack, client)
    settings = UNLIMITED | {"MODOMO_GATEWAY_API_KEYS": holder.toml}
    async with (
        stack_for("keys", noop=True, settings=settings) as stack,
        Client(stack.layout.url, key=holder.key) as client,
    ):
        counted, counted_cpu = await _poll(stack, client)
    return Row(
        what=f"status at {RATE} requests/s with an API key, counted",
        figure=f"{counted.milliseconds()}, {counted_cpu:.2f} ms CPU",
        baseline=f"without keys: {plain.milliseconds()}, {plain_cpu:.2f} ms CPU",
        ratio=f"{counted_cpu / plain_cpu:.2f}× its CPU",
    )


async def fair_turns() -> list[Row]:
    """A light user comes after a batch and a heavy user; then a worker starts."""
    holders = {"batch": key_holder("archive", batch=True), "heavy": key_holder("heavy"), "light": key_holder("light")}
    numbers = {"batch": BATCH, "heavy": HEAVY, "light": LIGHT}
    settings = UNLIMITED | {"MODOMO_GATEWAY_API_KEYS": key_file(*holders.values())}
    async with stack_for("turns", noop=True, workers=0, settings=settings) as stack:
        jobs = {name: await _submit(stack, holders[name], numbers[name]) for name in holders}
        stack.layout = dataclasses.replace(stack.layout, workers=1)
        await stack.start_child("worker-1")
        start = time.monotonic()
        ends = await asyncio.gather(*(_last_end(stack, holders[name], jobs[name]) for name in holders))
    last = {name: end - start for name, end in zip(holders, ends, strict=True)}
    everybody = max(last.values())
    return [
        Row(
            what=f"a light user's {LIGHT} jobs, submitted after {BATCH} of a batch and {HEAVY} of a heavy user",
            figure=f"done after {last['light']:.1f} s",
            baseline=f"first come, first served: {everybody:.1f} s, when all were done",
            ratio=f"{everybody / last['light']:.1f}× sooner",
        ),
        Row(what="the heavy user's last job, the batch's", figure=f"{last['heavy']:.1f} s, {last['batch']:.1f} s"),
    ]


async def _poll(stack: Stack, client: Client) -> tuple[Samples, float]:
    """How long polls took, and the gateway's CPU for each in ms."""
    process = psutil.Process(stack.children["gateway"].process.pid)
    await poll_completed(client, seconds=1.0)
    before = sum(process.cpu_times()[:2])
    samples = await poll_completed(client, seconds=SECONDS)
    return samples, (sum(process.cpu_times()[:2]) - before) / len(samples.seconds) * 1000


async def _submit(stack: Stack, holder: KeyHolder, number: int) -> list[str]:
    async with Client(stack.layout.url, key=holder.key) as client:
        return [(await client.submit(small_photo())).job_id for _ in range(number)]


async def _last_end(stack: Stack, holder: KeyHolder, job_ids: list[str]) -> float:
    """When the last of these jobs was completed, on the clock of time.monotonic()."""
    async with Client(stack.layout.url, key=holder.key, connections=len(job_ids)) as client:
        await asyncio.gather(*(client.completed(job_id) for job_id in job_ids))
        return time.monotonic()


async def measure() -> list[Row]:
    """All rows."""
    return [await keys_and_limits(), *await fair_turns()]


def main() -> None:
    """Runs the command line."""
    argparse.ArgumentParser(prog="python -m tools.bench.admission", description=__doc__).parse_args()
    rows = asyncio.run(measure())
    text = document.write(
        "admission", title="Admission: keys, limits, turns", command="python -m tools.bench.admission", rows=rows
    )
    Console().print(text, soft_wrap=True)


if __name__ == "__main__":
    main()
