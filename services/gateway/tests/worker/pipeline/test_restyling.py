"""Work that a worker does twice on purpose (below the bar), and work that it does not repeat (the cache of stages)."""

from modomo.type.v1.control_map_pb2 import CONTROL_MAP_KIND_SEGMENTATION
from servicekit.types.corrections import Correction, CorrectionLabel
from tests.fixtures.worker import WorkerBench, make_photo


async def test_below_the_bar_once_more_with_another_seed(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.quality = [0.25, 0.75]
    async with bench.worker(quality_bar=0.5, device_usd_per_hour=3600.0):
        made = await bench.completed(await bench.submit())
    first, second = bench.services.requests["Transform"]
    assert first.seed != second.seed
    assert made.seed == second.seed
    assert made.quality["overall"] == 0.75
    assert [(one.seed, one.quality["overall"]) for one in made.attempts] == [(second.seed, 0.75), (first.seed, 0.25)]
    assert made.device_seconds == 4.0
    assert made.estimated_cost_usd == 4.0


async def test_second_attempt_that_is_worse_is_not_taken(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.quality = [0.25, 0.125]
    async with bench.worker():
        made = await bench.completed(await bench.submit())
    assert made.seed == bench.services.requests["Transform"][0].seed
    assert [one.quality["overall"] for one in made.attempts] == [0.25, 0.125]


async def test_second_attempt_that_could_not_finish_is_not_begun(worker_bench: WorkerBench) -> None:
    """The device says that it took two seconds; of four, less is left than a second attempt and storing take."""
    bench = worker_bench
    bench.services.quality = [0.25]
    async with bench.worker():
        made = await bench.completed(await bench.submit(run_seconds=4.0))
    assert len(bench.services.requests["Transform"]) == len(made.attempts) == 1
    assert made.quality["overall"] == 0.25


async def test_chosen_seed_is_not_replaced(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.quality = [0.25]
    async with bench.worker():
        made = await bench.completed(await bench.submit(seed=7))
    assert made.seed == 7
    assert len(made.attempts) == 1


async def test_another_style_of_the_same_photo_repeats_no_analysis(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        first = await bench.completed(await bench.submit(style="modern"))
        second = await bench.completed(await bench.submit(style="boho"))
        await bench.completed(await bench.submit(style="boho", photo=make_photo(colour=(10, 20, 30))))
    assert [bench.services.count(rpc) for rpc in ("Detect", "Analyze")] == [2, 2]
    assert bench.services.count("Transform") == 3
    assert second.detections == first.detections
    assert second.room_type == first.room_type
    assert len(bench.services.requests["Transform"][1].maps) == 2


async def test_cached_analysis_of_another_engine_counts_for_nothing(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        await bench.completed(await bench.submit())
        bench.services.engine = "newer"
        await bench.completed(await bench.submit(photo=make_photo(colour=(10, 20, 30))))
        made = await bench.completed(await bench.submit())
    assert bench.services.count("Detect") == 3
    assert made.engine == "newer"


async def test_what_is_mended_is_shown_while_it_is_judged_and_no_sooner(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    said = (Correction(x=0.5, y=0.5, label=CorrectionLabel.WALL),)
    async with bench.worker(previews=3):
        job_id = await bench.submit(corrections=said, seed=1)
        made = await bench.completed(job_id)
    assert bench.services.requests["Transform"][0].previews == 0
    (shown,) = await bench.pictures(job_id)
    assert await bench.store.get(shown) == await bench.store.get(made.transformed_keys[0])
    # and whoever judges it need not look at the photo again
    assert [one.kind for one in bench.services.requests["Assess"][0].maps] == [CONTROL_MAP_KIND_SEGMENTATION]
