"""What the system itself costs: jobs whose engines do nothing, against one process that does everything."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from deploy.local import ports
from tools.bench.client import Client, by_clients
from tools.bench.figures import Row, Samples
from tools.bench.photos import phone_photo, small_photo

SEQUENTIAL = 20
CLIENTS = 20
JOBS = {"1024-pixel": 200, "12-megapixel": 100}
NOOP = {service: f"tools.bench.noop.{service}" for service in ("detection", "controlmaps", "diffusion")}


async def measure(client: Client) -> list[Row]:
    """A job from submit to the completed event, alone and from twenty clients; the baseline's request likewise."""
    rows = []
    async with _baseline() as plain:
        for name, photo in (("1024-pixel", small_photo()), ("12-megapixel", phone_photo())):

            async def job(photo: bytes = photo) -> None:
                accepted = await client.submit(photo)
                await client.completed(accepted.job_id)

            async def request(photo: bytes = photo) -> None:
                form = aiohttp.FormData({"style": "modern"})
                form.add_field("file", photo, filename="room.jpg")
                async with plain.post("/transform", data=form) as answer:
                    answer.raise_for_status()

            await job()
            await request()
            ours, theirs = Samples(), Samples()
            for _number in range(SEQUENTIAL):
                with ours.measure():
                    await job()
                with theirs.measure():
                    await request()
            ours_rate = await _rate(JOBS[name], job)
            their_rate = await _rate(JOBS[name], request)
            rows += [
                Row(
                    what=f"no-op job, {name} upload, one after the other",
                    figure=f"p50 {ours.quantile(0.5) * 1000:.0f} ms",
                    baseline=f"plain FastAPI: p50 {theirs.quantile(0.5) * 1000:.0f} ms",
                    ratio=f"{ours.quantile(0.5) / theirs.quantile(0.5):.1f}× its time",
                ),
                Row(
                    what=f"no-op jobs, {name} uploads, {CLIENTS} clients",
                    figure=f"{ours_rate:.1f} jobs/s",
                    baseline=f"plain FastAPI: {their_rate:.1f} requests/s",
                    ratio=f"{ours_rate / their_rate:.2f}× its rate",
                ),
            ]
    return rows


async def _rate(count: int, request: object) -> float:
    samples = Samples()
    with samples.measure():
        await by_clients(CLIENTS, count, request)
    return count / samples.seconds[0]


@asynccontextmanager
async def _baseline() -> AsyncIterator[aiohttp.ClientSession]:
    (port,) = ports.free(1)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tools.bench.baseline", str(port))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            for _attempt in range(200):
                try:
                    async with session.get("/docs"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)  # between two tries to reach a process that starts
            yield session
    finally:
        process.terminate()
        await process.wait()
