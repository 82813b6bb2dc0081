"""Attacks by a tenant that wants to know whether another one has sent the same photo."""

from gateway.jobs.purger import Purger
from gateway.jobs.stage_cache import PREFIX
from tests.fixtures.worker import WorkerBench

CALLS = {"Detect": 1, "Analyze": 1}
"""What a photo costs that the tenant has not sent before."""


async def calls_of(bench: WorkerBench, tenant: str) -> dict[str, int]:
    """Which analyses a job of a tenant with always the same photo sets off."""
    before = {name: len(bench.services.requests[name]) for name in CALLS}
    await bench.completed(await bench.submit(tenant=tenant))
    return {name: len(bench.services.requests[name]) - count for name, count in before.items()}


async def test_a_photo_takes_as_much_work_whoever_has_sent_it_before(worker_bench: WorkerBench) -> None:
    async with worker_bench.worker():
        assert await calls_of(worker_bench, "key:victim") == CALLS
        assert await calls_of(worker_bench, "key:curious") == CALLS
        assert await calls_of(worker_bench, "key:curious") == dict.fromkeys(CALLS, 0), "one's own is known"


async def test_a_purge_deletes_what_is_known_of_ones_own_photo_and_of_nobody_elses(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        mine, others = [await bench.submit(tenant=tenant) for tenant in ("key:me", "key:other")]
        for job_id in (mine, others):
            await bench.completed(job_id)
        assert len({key.split("/")[1] async for key in bench.store.list(PREFIX)}) == 2
        await Purger(store=bench.store, job_store=bench.jobstore.jobs, groups=bench.groups).purge(
            mine, message="Deleted."
        )
        assert len({key.split("/")[1] async for key in bench.store.list(PREFIX)}) == 1
        assert await calls_of(bench, "key:other") == dict.fromkeys(CALLS, 0)
        assert await calls_of(bench, "key:me") == CALLS
