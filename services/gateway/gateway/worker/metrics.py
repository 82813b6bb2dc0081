"""Metrics of a worker: what it does with jobs, and what that costs."""

from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from gateway.jobs.result import JobResult
from servicekit.jobstore import Job
from servicekit.observability.metrics import SECONDS_BUCKETS

SLOTS: Final = Gauge("modomo_worker_lanes", "Jobs that the process works on at a time, at most")
RUNNING: Final = Gauge("modomo_worker_jobs_running", "Jobs being worked on")
ATTEMPTS: Final = Counter("modomo_job_attempts_total", "Jobs that left this worker, by how", ["outcome"])
WAIT_SECONDS: Final = Histogram(
    "modomo_job_wait_seconds", "Time from a job's acceptance until a worker took it up", buckets=SECONDS_BUCKETS
)
PROCESSING_SECONDS: Final = Histogram(
    "modomo_job_processing_seconds",
    "Time from when a job was first taken up until it was completed",
    buckets=SECONDS_BUCKETS,
)
DEVICE_SECONDS: Final = Counter(
    "modomo_job_device_seconds_total", "Time that a device restyled for completed jobs", ["engine"]
)
COST_USD: Final = Counter("modomo_job_cost_usd_total", "What that time costs by the device's price", ["engine"])
USD_PER_HOUR: Final = Gauge("modomo_device_usd_per_hour", "The price, MODOMO_WORKER_DEVICE_USD_PER_HOUR")


def count_claim(job: Job) -> None:
    """Counts a job that a worker has just claimed."""
    if job.deliveries == 1 and job.started_at:
        WAIT_SECONDS.observe((job.started_at - job.created_at).total_seconds())


def count_completion(job: Job, made: JobResult) -> None:
    """Counts a job whose result has just been written."""
    if job.started_at:
        PROCESSING_SECONDS.observe(max(0.0, (datetime.now(UTC) - job.started_at).total_seconds()))
    DEVICE_SECONDS.labels(made.engine).inc(made.device_seconds)
    COST_USD.labels(made.engine).inc(made.estimated_cost_usd)
