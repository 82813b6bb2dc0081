"""Metrics of the job store as a whole: how long the queue is, how jobs have ended.

They are read from Redis, so every api says the same, and a job is counted whichever process ended it: take the maximum
over all processes, not the sum.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final, NoReturn

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from servicekit.errors import ServiceError
from servicekit.jobstore import JobStatus, JobStore
from servicekit.observability import logs

log = logs.get(__name__)

WAITING: Final = Gauge("modomo_queue_waiting", "Jobs that wait for a worker")
RUNNING: Final = Gauge("modomo_queue_running", "Jobs that workers have taken up")
DELAYED: Final = Gauge("modomo_queue_delayed", "Jobs that are to be tried again later")
OLDEST_SECONDS: Final = Gauge("modomo_queue_oldest_wait_seconds", "How long the first in line has waited")
OVERDUE_SECONDS: Final = Gauge(
    "modomo_queue_overdue_seconds", "By how much a job is over its deadline without having been ended"
)

READ_SECONDS: Final = 5.0


class EndedJobs(Collector):
    """A counter that is kept elsewhere, and shown here."""

    def __init__(self) -> None:
        self.counts: Mapping[tuple[JobStatus, str], int] = {}
        """By status and reason."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        """As Prometheus' client asks for it."""
        family = CounterMetricFamily(
            "modomo_jobs_ended", "Jobs that have ended, by how and why", labels=["status", "reason"]
        )
        for kind, number in self.counts.items():
            family.add_metric(kind, number)
        yield family


ENDED: Final = EndedJobs()
REGISTRY.register(ENDED)


class QueueGauges:
    """Keeps them fresh."""

    def __init__(self, job_store: JobStore) -> None:
        self._job_store = job_store

    async def read(self) -> None:
        """Reads them once; raises Unavailable."""
        state = await self._job_store.queue_state()
        WAITING.set(state.waiting)
        RUNNING.set(state.running)
        DELAYED.set(state.delayed)
        OLDEST_SECONDS.set(state.oldest_wait_seconds)
        OVERDUE_SECONDS.set(state.overdue_seconds)
        ENDED.counts = await self._job_store.ended_counts()

    async def run(self) -> NoReturn:
        """Reads them again and again, until it is cancelled."""
        while True:
            try:
                await self.read()
            except ServiceError as error:
                log.warning("the queue cannot be looked at", problem=str(error))
            await asyncio.sleep(READ_SECONDS)  # between two looks
