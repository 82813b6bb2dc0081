"""Memory of the light processes together: `python -m tests.load.railway`, with --jobs N and --parallel N.

They run as deploy/railway starts them. Valkey, an S3 server and Modal are beside them, the latter a miniature whose
answers have the right size and cost nothing: what is measured is the light side, as busy as it can be.
"""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import boto3
import psutil
from moto.server import ThreadedMotoServer

from servicekit import ports
from servicekit.testing.modal import modal_server
from servicekit.testing.valkey import Valkey
from tests.load.client import Client, LoadError, by_clients
from tests.load.machine import description
from tests.load.photos import phone_photo
from tests.modal_rooms import APP, Rooms

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120
SAMPLE_SECONDS = 0.25


class Watch:
    """Proportional set size of a process and its children, sampled: what a container's memory limit is about."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.peak: dict[str, float] = {}
        """Megabytes by process, each at its own worst."""
        self.most = 0.0
        """Megabytes of all at the same time, at the worst."""

    def sample(self) -> float:
        """Megabytes of all now."""
        now: dict[str, float] = {}
        for process in (self._process, *self._process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                now[_name(process)] = process.memory_full_info().pss / 2**20
        for name, megabytes in now.items():
            self.peak[name] = max(self.peak.get(name, 0.0), megabytes)
        self.most = max(self.most, sum(now.values()))
        return sum(now.values())

    async def run(self) -> None:
        """Samples until it is cancelled."""
        while True:
            await asyncio.to_thread(self.sample)
            await asyncio.sleep(SAMPLE_SECONDS)


def _name(process: psutil.Process) -> str:
    return " ".join(process.cmdline()[2:]) or process.name()


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """Variables that lead to a Valkey, a bucket and a Modal of one's own."""
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory()))
        valkey = Valkey(folder / "valkey")
        valkey.start()
        exits.callback(valkey.kill)
        objects = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        objects.start()
        exits.callback(objects.stop)
        endpoint = "http://{}:{}".format(*objects.get_host_and_port())
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **credentials).create_bucket(Bucket="rooms")
        rooms = Rooms()
        server = exits.enter_context(modal_server(APP, rooms.methods()))
        server.run(rooms.let_go())
        (port,) = ports.free(1)
        yield {
            **os.environ,
            "PORT": str(port),
            "REDIS_URL": valkey.url,
            "MODOMO_S3_BUCKET": "rooms",
            "MODOMO_S3_ENDPOINT": endpoint,
            "MODOMO_S3_REGION": "us-east-1",
            "MODOMO_S3_ACCESS_KEY_ID": "test",
            "MODOMO_S3_SECRET_ACCESS_KEY": "test",
            "MODOMO_URL_SECRET": secrets.token_hex(32),
            "MODOMO_GATEWAY_AUTH": "insecure",
        }


async def measure(variables: dict[str, str], log: IO[bytes], *, jobs: int, parallel: int) -> list[str]:
    """Starts the processes, sends photos of 12 megapixels, and says what all of it took."""
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.railway", env=variables, cwd=ROOT, stdout=log, stderr=log
    )
    watch = Watch(supervisor.pid)
    try:
        async with Client(f"http://127.0.0.1:{variables['PORT']}") as client:
            await _ready(client, supervisor)
            rest, at_rest = watch.sample(), dict(watch.peak)
            watching = asyncio.create_task(watch.run())

            async def job() -> None:
                accepted = await client.submit(phone_photo())
                await client.completed(accepted.job_id)

            begun = time.monotonic()
            await by_clients(parallel, jobs, job)
            seconds = time.monotonic() - begun
            watching.cancel()
        after = watch.sample()
    finally:
        with suppress(ProcessLookupError):
            supervisor.send_signal(signal.SIGTERM)
        status = await supervisor.wait()
    lines = [f"| {name} | {at_rest.get(name, 0):.0f} MB | {watch.peak[name]:.0f} MB |" for name in watch.peak]
    return [
        f"{description()}; {jobs} jobs of 12 megapixels, {parallel} at a time, {seconds:.0f} s; exit status {status}",
        "| process | at rest | at most |",
        "|---|---|---|",
        *lines,
        f"| together | {rest:.0f} MB | {watch.most:.0f} MB at the same time, {after:.0f} MB after |",
    ]


async def _ready(client: Client, supervisor: asyncio.subprocess.Process) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and supervisor.returncode is None:
        with suppress(OSError):
            async with client.session.get("/health/ready") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.5)  # between two questions whether all of it has started
    raise LoadError("the processes did not get ready")


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.railway", description=__doc__)
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--parallel", type=int, default=6)
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server tells of every request
    with surroundings() as variables, tempfile.TemporaryFile() as log:
        try:
            lines = asyncio.run(measure(variables, log, jobs=options.jobs, parallel=options.parallel))
        except LoadError:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
    print("\n".join(lines))


if __name__ == "__main__":
    main()
