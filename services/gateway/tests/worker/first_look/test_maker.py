"""First looks: a picture of every queued job, without a worker, and never one that comes too late."""

import asyncio
from typing import Any

import numpy as np
import pytest

from gateway.jobs import object_keys
from servicekit.errors import FailedPrecondition, NotFound
from servicekit.imaging.images import decode_mask
from servicekit.jobstore import JobStatus
from servicekit.types.corrections import Correction, CorrectionLabel
from servicekit.types.modes import RoomMode
from tests.fixtures.worker import HEIGHT, WIDTH, WorkerBench, make_photo


async def until_shown(bench: WorkerBench, job_id: str) -> str:
    """The first picture of a job."""
    async with asyncio.timeout(20):
        while not (pictures := await bench.pictures(job_id)):  # noqa: ASYNC110 - another task makes it
            await asyncio.sleep(0.01)  # polled as the app polls
    return pictures[0]


async def test_first_look_comes_while_no_worker_is_there(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    look = make_photo(colour=(1, 2, 3))
    async with bench.first_looks():
        job_id = await bench.submit(style="boho", color_palette=("#112233",), style_image=look)
        key = await until_shown(bench, job_id)
    assert key == object_keys.first_look(job_id)
    assert (await bench.store.get(key)).startswith(b"\xff\xd8")
    events = await bench.events(job_id)
    assert [(event.seq, event.status, event.progress) for event in events] == [(1, "queued", 0.0), (2, "queued", 0.0)]
    (asked,) = bench.services.requests["Preview"]
    assert (asked.transform.style, list(asked.transform.color_palette)) == ("boho", ["#112233"])
    assert (len(asked.transform.maps), asked.transform.room_type) == (2, 2)
    assert asked.transform.style_image.data == look
    assert bench.services.count("Detect") == 0, "nothing has to stay as it is"


async def test_look_goes_by_what_the_workers_have_made_of_the_photo_for_its_tenant(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        await bench.completed(await bench.submit(tenant="anna", keep=("sofa-1",)))
    async with bench.first_looks():
        await until_shown(bench, await bench.submit(tenant="anna", style="boho", keep=("sofa-1",)))
        assert (bench.services.count("Analyze"), bench.services.count("Detect")) == (1, 1)
        await until_shown(bench, await bench.submit(tenant="bert", style="boho", keep=("sofa-1",)))
    assert (bench.services.count("Analyze"), bench.services.count("Detect")) == (2, 2), "no tenant sees another's"
    theirs, looked = (bench.services.requests[name][0] for name in ("Transform", "Preview"))
    assert (list(looked.transform.maps), looked.transform.keep) == (list(theirs.maps), theirs.keep)


async def test_worker_goes_on_after_the_first_look_with_the_same_seed(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.first_looks():
        job_id = await bench.submit()
        await until_shown(bench, job_id)
        async with bench.worker():
            made = await bench.completed(job_id)
    assert await bench.pictures(job_id) == [object_keys.first_look(job_id), object_keys.preview(job_id, 1)]
    assert bench.services.requests["Preview"][0].transform.seed == made.seed
    assert [event.seq for event in await bench.events(job_id)] == list(range(1, len(await bench.events(job_id)) + 1))


@pytest.mark.parametrize("ended", [True, False])
async def test_look_that_comes_too_late_is_dropped(worker_bench: WorkerBench, ended: bool) -> None:
    """After the ending, and after a picture of the engine."""
    bench = worker_bench
    bench.services.steps = 4 if ended else 12
    bench.services.seconds |= {"Preview": 0.6, "Transform": 0.02 if ended else 0.1}
    async with bench.first_looks():
        job_id = await bench.submit()
        await bench.services.started["Preview"].wait()
        async with bench.worker(previews=0 if ended else 3):
            await bench.completed(job_id)
            await asyncio.sleep(0.6 if ended else 0.0)  # until the look is made
    assert await bench.pictures(job_id) == [object_keys.preview(job_id, 1)]
    assert (await bench.events(job_id))[-1].status is JobStatus.COMPLETED
    with pytest.raises(NotFound):
        await bench.store.get(object_keys.first_look(job_id))


async def test_look_that_fails_costs_the_picture_alone(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.errors["Preview"] = [FailedPrecondition("NO", "No.")]
    async with bench.first_looks():
        without = await bench.submit()
        await bench.services.started["Preview"].wait()
        await until_shown(bench, await bench.submit())
    assert await bench.pictures(without) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"mode": RoomMode.STAGE},
        {"mode": RoomMode.DECLUTTER},
        {"corrections": (Correction(x=0.5, y=0.5, label=CorrectionLabel.LEAVE),)},
    ],
)
async def test_what_lite_cannot_show_or_makes_as_quickly_has_no_first_look(
    worker_bench: WorkerBench, wish: dict[str, Any]
) -> None:
    bench = worker_bench
    async with bench.first_looks():
        without = await bench.submit(**wish)
        await until_shown(bench, await bench.submit())
    assert bench.services.count("Preview") == 1
    assert await bench.pictures(without) == []


@pytest.mark.parametrize(
    ("preferences", "kept"),
    [
        ({"keep_furniture": True}, [(0.0, 0.6)]),
        ({"keep": ("sofa-1",)}, [(0.0, 0.5)]),
        ({"keep": ("window-1", "sofa-7")}, [(0.0, 0.6), (0.7, 1.0)]),
    ],
)
async def test_what_is_kept_and_all_furniture_where_an_id_is_not_known(
    worker_bench: WorkerBench, preferences: dict[str, Any], kept: list[tuple[float, float]]
) -> None:
    bench = worker_bench
    async with bench.first_looks():
        await until_shown(bench, await bench.submit(**preferences))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    for left, right in kept:
        expected[:, round(left * WIDTH) : round(right * WIDTH)] = True
    sent = bench.services.requests["Preview"][0].transform.keep
    assert np.array_equal(decode_mask(sent, shape=(HEIGHT, WIDTH)), expected)
