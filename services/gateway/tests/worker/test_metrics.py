"""What a worker counts of a job."""

from prometheus_client import REGISTRY

from tests.fixtures.worker import WorkerBench


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


SAMPLES: tuple[tuple[str, dict[str, str]], ...] = (
    ("modomo_job_attempts_total", {"outcome": "completed"}),
    ("modomo_job_wait_seconds_count", {}),
    ("modomo_job_processing_seconds_count", {}),
    ("modomo_stage_duration_seconds_count", {"stage": "transform"}),
    ("modomo_stage_cache_lookups_total", {"stage": "detect", "outcome": "miss"}),
)


async def test_a_completed_job_is_counted(worker_bench: WorkerBench) -> None:
    before = [value(name, **labels) for name, labels in SAMPLES]
    async with worker_bench.worker(parallel_jobs=3, device_usd_per_hour=0.5):
        made = await worker_bench.completed(await worker_bench.submit())
        assert value("modomo_worker_lanes") == 3
        assert value("modomo_device_usd_per_hour") == 0.5
    assert [value(name, **labels) for name, labels in SAMPLES] == [number + 1 for number in before]
    assert value("modomo_job_device_seconds_total", engine=made.engine) >= made.device_seconds
    assert value("modomo_job_cost_usd_total", engine=made.engine) >= made.estimated_cost_usd
