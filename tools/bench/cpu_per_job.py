"""`python -m tools.bench.cpu_per_job`: what one job costs each process in CPU, and all of them in memory at rest.

Jobs whose engines do nothing, uploads of 12 megapixels and of 1024 pixels, from one client and from twenty, each until
its picture is downloaded. CPU time is of /proc: what else the machine does bends it less than it bends the rate.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deploy.local.stack import Stack
from tools.bench.__main__ import stack_for
from tools.bench.client import Client, LoadError, by_clients
from tools.bench.figures import Samples
from tools.bench.machine import cpu_seconds, description, proportional_megabytes
from tools.bench.photos import phone_photo, small_photo

UPLOADS: Final = {"12 MP": phone_photo, "1024 px": small_photo}
CLIENTS: Final = (1, 20)
WARM_UP: Final = 5
SETTLE_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a number of jobs took."""

    jobs_per_second: float
    p50_milliseconds: float
    """From the submit until the picture is there."""
    by_process: Mapping[str, float]
    """CPU milliseconds a job by process."""

    @property
    def total(self) -> float:
        """CPU milliseconds a job of all processes, without the client."""
        return sum(self.by_process.values())


async def cost(stack: Stack, client: Client, photo: bytes, *, clients: int, jobs: int) -> Cost:
    """Runs `jobs` jobs from `clients` clients; raises LoadError where one does not complete."""

    async def job() -> None:
        with samples.measure():
            accepted = await client.submit(photo)
            ending = await client.completed(accepted.job_id)
            async with client.session.get(ending["result"]["transformed_url"]) as answer:
                if answer.status != 200 or not await answer.read():
                    raise LoadError(f"the picture's link answered {answer.status}")

    samples = Samples()
    await by_clients(clients, WARM_UP, job)
    samples = Samples()
    before = _cpu(stack)
    started = time.perf_counter()
    await by_clients(clients, jobs, job)
    seconds = time.perf_counter() - started
    await asyncio.sleep(SETTLE_SECONDS)  # what a job leaves to be done behind its ending is part of its cost
    used = _cpu(stack)
    used.subtract(before)
    return Cost(
        jobs_per_second=jobs / seconds,
        p50_milliseconds=samples.quantile(0.5) * 1000,
        by_process={name: spent * 1000 / jobs for name, spent in used.items()},
    )


def _cpu(stack: Stack) -> Counter[str]:
    return Counter({name: cpu_seconds(child.process.pid) for name, child in stack.children.items()})


async def measure(*, jobs: int) -> str:
    """Both tables, in Markdown."""
    async with stack_for("cpu", noop=True) as stack, Client(stack.layout.url) as client:
        await asyncio.sleep(SETTLE_SECONDS)
        memory = {name: proportional_megabytes(child.process.pid) for name, child in stack.children.items()}
        names = list(stack.children)
        lines = [
            f"| upload, clients | {' | '.join(names)} | CPU a job, ms | jobs/s | p50, ms |",
            "|---|" + "---:|" * (len(names) + 3),
        ]
        for upload, photo in UPLOADS.items():
            for clients in CLIENTS:
                found = await cost(stack, client, photo(), clients=clients, jobs=jobs)
                cells = [f"{found.by_process[name]:.1f}" for name in names]
                cells += [f"{found.total:.1f}", f"{found.jobs_per_second:.1f}", f"{found.p50_milliseconds:.0f}"]
                lines.append(f"| {upload}, {clients} | {' | '.join(cells)} |")
        cells = [f"{memory[name]:.1f}" for name in names]
        lines.append(f"| at rest, MB (PSS) | {' | '.join(cells)} | {sum(memory.values()):.1f} | | |")
    return "\n".join(lines)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.cpu_per_job", description=__doc__)
    parser.add_argument("--jobs", type=int, default=100, help="of each kind")
    arguments = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{description()}; load before {load}\n")
    print(asyncio.run(measure(jobs=arguments.jobs)))


if __name__ == "__main__":
    main()
