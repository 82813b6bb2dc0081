"""Memory of the light processes together: `python -m tools.bench.railway`; --jobs N, --parallel N, --photo KIND.

They run as deploy/railway starts them. Valkey, an S3 server and Modal are beside them, the latter a miniature whose
answers have the right size and cost nothing: what is measured is the light side, as busy as it can be.
"""

import argparse
import asyncio
import io
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
import numpy as np
from moto.server import ThreadedMotoServer
from PIL import Image

from deploy.local import ports
from tests.fixtures.modal_server import modal_server
from tests.fixtures.modal_stub_methods import APP, Rooms
from tests.fixtures.valkey import Valkey
from tools.bench.client import Client, LoadError, by_clients
from tools.bench.machine import description
from tools.bench.photos import phone_photo

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120
SAMPLE_SECONDS = 0.25


class Watch:
    """Memory of a process and its children, sampled: what a container's limit is about."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peak: dict[str, float] = {}
        """Proportional set size in megabytes by process, each at its own worst."""
        self.most = 0.0
        """Of all at the same time, at the worst."""
        self.most_anonymous = 0.0
        """Of it what is no file's: the rest, pages of libraries, the kernel drops before it kills anything."""

    def sample(self) -> float:
        """Proportional set size of all now, in megabytes."""
        now: dict[str, float] = {}
        anonymous = 0.0
        for pid in (self._pid, *_children(self._pid)):
            with suppress(OSError):  # it has just ended
                sizes = _sizes(pid)
                now[_name(pid)] = sizes["Pss"]
                anonymous += sizes["Pss_Anon"]
        for name, megabytes in now.items():
            self.peak[name] = max(self.peak.get(name, 0.0), megabytes)
        self.most = max(self.most, sum(now.values()))
        self.most_anonymous = max(self.most_anonymous, anonymous)
        return sum(now.values())

    async def run(self) -> None:
        """Samples until it is cancelled."""
        while True:
            await asyncio.to_thread(self.sample)
            await asyncio.sleep(SAMPLE_SECONDS)


def _sizes(pid: int) -> dict[str, float]:
    """Megabytes by kind, as the kernel adds them up for a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}


def _children(pid: int) -> list[int]:
    """Of the supervisor, whose processes have none of their own."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _name(pid: int) -> str:
    """What runs, without the interpreter and its `-m`."""
    return " ".join(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[2:]).strip()


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
        http, grpc, notifier, models = ports.free(4)
        yield {
            **os.environ,
            "PORT": str(http),
            "MODOMO_GATEWAY_GRPC_LISTEN": f"127.0.0.1:{grpc}",
            "MODOMO_NOTIFIER_LISTEN": f"127.0.0.1:{notifier}",
            "MODOMO_NOTIFIER_ADDRESS": f"127.0.0.1:{notifier}",
            "MODOMO_DETECTION_LISTEN": f"127.0.0.1:{models}",
            **{f"MODOMO_{one}_ADDRESS": f"127.0.0.1:{models}" for one in ("DETECTION", "CONTROLMAPS", "DIFFUSION")},
            "REDIS_URL": valkey.url,
            "MODOMO_S3_BUCKET": "rooms",
            "MODOMO_S3_ENDPOINT": endpoint,
            "MODOMO_S3_REGION": "us-east-1",
            "MODOMO_S3_ACCESS_KEY_ID": "test",
            "MODOMO_S3_SECRET_ACCESS_KEY": "test",
            "MODOMO_URL_SECRET": secrets.token_hex(32),
            "MODOMO_GATEWAY_AUTH": "insecure",
        }


def large_photo(kind: str) -> bytes:
    """The largest that the container takes of what cannot be decoded small: 16 and 24 megapixels."""
    shapes = np.random.default_rng(7).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    size = (4640, 3480) if kind == "webp" else (5600, 4200)
    large = Image.fromarray(shapes).resize(size, Image.Resampling.BICUBIC)
    if kind == "webp":
        large.save(buffer, "WEBP", quality=70, method=0)
    else:
        large.save(buffer, "JPEG", quality=85, progressive=True)
    return buffer.getvalue()


async def measure(variables: dict[str, str], log: IO[bytes], photo: bytes, *, jobs: int, parallel: int) -> list[str]:
    """Starts the processes, sends photos, and says what all of it took."""
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
                accepted = await client.submit(photo)
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
        f"{description()}; {jobs} jobs, {parallel} at a time, {seconds:.0f} s; exit status {status}",
        "| process | at rest | at most |",
        "|---|---|---|",
        *lines,
        f"| together | {rest:.0f} MB | {watch.most:.0f} MB at the same time, {after:.0f} MB after |",
        f"| of it anonymous | | {watch.most_anonymous:.0f} MB at the same time |",
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
    parser = argparse.ArgumentParser(prog="python -m tools.bench.railway", description=__doc__)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--photo", choices=("phone", "webp", "progressive"), default="phone")
    options = parser.parse_args()
    photo = phone_photo() if options.photo == "phone" else large_photo(options.photo)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server tells of every request
    with surroundings() as variables, tempfile.TemporaryFile() as log:
        try:
            lines = asyncio.run(measure(variables, log, photo, jobs=options.jobs, parallel=options.parallel))
        except LoadError:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
    print("\n".join(lines))


if __name__ == "__main__":
    main()
