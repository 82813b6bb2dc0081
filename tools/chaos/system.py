"""A whole system to do harm to: real processes, real Valkey, model services that take a known time."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from deploy.local import ports
from deploy.local.options import on_port
from deploy.local.stack import Stack, running
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreClients, JobStoreSettings, connect
from servicekit.storage import ObjectStore
from servicekit.storage.local import LocalStore
from tools.bench.client import Client
from tools.bench.photos import small_photo

MODULES: Final = {
    "detection": "tools.bench.noop.detection",
    "controlmaps": "tools.bench.noop.controlmaps",
    "diffusion": "tools.chaos.steady_diffusion",
}

PLACEMENT: Final = os.environ.get("CHAOS_PLACEMENT", "apart")
"""`sidecar`: each worker has a diffusion of its own and takes one job at a time, as pods that pull; `apart`: they share
one."""


@dataclass(frozen=True, kw_only=True)
class LeaseChange:
    """A worker claimed a job, or let it go."""

    job_id: str
    at: float
    """Seconds since the epoch."""
    claimed: bool
    """Otherwise let go."""


@dataclass(kw_only=True)
class System:
    """The stack, and its job store and object store from inside."""

    stack: Stack
    jobstore: JobStoreClients
    store: ObjectStore
    client: Client

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return self.stack.layout.url

    async def submit(self, jobs: int, *, at_once: int = 8) -> list[str]:
        """Posts a photo so many times; the jobs' ids."""
        photo, job_ids = await asyncio.to_thread(small_photo), list[str]()
        remaining = iter(range(jobs))

        async def post() -> None:
            for _ in remaining:
                job_ids.append((await self.client.submit(photo)).job_id)

        await asyncio.gather(*(post() for _ in range(at_once)))
        return job_ids

    def named(self, name: str) -> list[str]:
        """The processes of a name: several for `diffusion`, where each worker has its own."""
        return [one for one in self.stack.children if one == name or re.fullmatch(rf"{name}-\d+", one)]

    def kill(self, name: str) -> None:
        """Ends a process at once, or all of them that bear a service's name."""
        self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to them."""
        for one in self.named(name):
            self.stack.children[one].process.send_signal(number)

    async def restart(self, name: str) -> None:
        """Starts what has ended, or is about to; returns once Redis answers, where it is that one."""
        for one in self.named(name):
            await self.stack.children[one].process.wait()
            await self.stack.start_child(one)
        while name == "redis":
            with suppress(Unavailable):
                await self.jobstore.jobs.check()
                return
            await asyncio.sleep(0.01)  # it reads its log

    def pid(self, name: str) -> int:
        """Of a process."""
        return self.stack.children[name].process.pid

    def lease_changes(self, name: str) -> list[LeaseChange]:
        """What a worker logged of its claims, in order, over all its restarts."""
        return list(_lease_changes(self.stack.layout.log(name)))

    def steps(self) -> list[str]:
        """The job of every denoising step that was done."""
        log = self.stack.layout.data / "steps"
        return log.read_text().split() if log.exists() else []


def _lease_changes(log: Path) -> Iterator[LeaseChange]:
    for line in log.read_text(errors="replace").splitlines():
        if '"job taken up"' in line or '"job let go"' in line:
            entry: dict[str, Any] = json.loads(line)
            at = datetime.fromisoformat(entry["timestamp"]).timestamp()
            yield LeaseChange(job_id=entry["job_id"], at=at, claimed=entry["event"] == "job taken up")


@asynccontextmanager
async def system(
    data: Path,
    *,
    workers: int,
    idle_seconds: float,
    step_seconds: float,
    store: ObjectStore | None = None,
    redis_url: str = "",
    overrides: Mapping[str, str] | None = None,
) -> AsyncIterator[System]:
    """A system that is ready when the block begins and gone when it has ended; it uses its own Redis or another."""
    (port,) = ports.free(1)
    layout = on_port(
        port,
        data=data,
        workers=workers,
        modules=MODULES,
        beside=PLACEMENT == "sidecar" and workers > 0,
        overrides={
            "MODOMO_LOG_FORMAT": "json",
            "MODOMO_JOBLOG_IDLE_SECONDS": str(idle_seconds),
            "MODOMO_JOBLOG_MAX_DELIVERIES": "100",  # chaos hits the same job again and again
            "MODOMO_GATEWAY_RUN_SECONDS": "900",
            "MODOMO_GATEWAY_WAIT_SECONDS": "900",
            # longer than any job of the scenarios that give them hours
            "MODOMO_GATEWAY_RETENTION_SECONDS": "604800",
            "MODOMO_GATEWAY_QUEUE_LIMIT": "100000",
            "MODOMO_GATEWAY_OWNER_QUEUE_LIMIT": "100000",
            "MODOMO_GATEWAY_UNITS_PER_MINUTE": "0",
            "STEADY_STEP_SECONDS": str(step_seconds),
            "STEADY_LOG": str(data / "steps"),
            **({"MODOMO_REDIS_URL": redis_url} if redis_url else {}),
            **(overrides or {}),
        },
    )
    settings = JobStoreSettings(redis_url=redis_url or layout.redis_url)
    async with running(layout) as stack, Client(layout.url) as client:
        jobstore = connect(settings)
        yield System(stack=stack, jobstore=jobstore, store=store or LocalStore(data / "objects"), client=client)
        for role in (jobstore.queue, jobstore.events, jobstore.jobs):
            await role.close()
