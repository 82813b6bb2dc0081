"""A worker and its jobs: what comes out, and what is told on the way."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gateway.jobs import object_keys
from modomo.type.v1 import mode_pb2
from servicekit.imaging.images import decode_mask
from servicekit.jobstore import ENDINGS, JobStatus
from servicekit.types.corrections import AppliedCorrection, Correction, CorrectionLabel
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName
from tests.fixtures.worker import HEIGHT, WIDTH, WorkerBench, make_photo


def _picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def test_job_from_photo_to_result(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker(device_usd_per_hour=1.8):
        job_id = await bench.submit(style="boho", seed=7, strength=0.5)
        made = await bench.completed(job_id)
    assert (made.style, made.seed, made.strength, made.engine) == ("boho", 7, 0.5, "test")
    assert (made.room_type, made.room_probability) == (RoomType.BEDROOM, 0.75)
    assert [one.id for one in made.detections] == ["sofa-1", "lamp-1", "window-1"]
    assert made.detections[0].box == (0.0, 0.0, WIDTH / 2, HEIGHT)
    assert [(model.name, model.revision, model.licence) for model in made.models] == [("test-model", "test", "MIT")]
    assert made.surfaces[0].material == "plaster"
    assert made.quality["overall"] == pytest.approx(0.9)
    assert set(made.quality) == {"structure", "palette", "keep", "sharpness", "overall"}
    assert [attempt.seed for attempt in made.attempts] == [7]
    assert set(made.stage_seconds) == {
        *("load", "analyze", "classify", "maps", "detect", "transform", "assess", "store"),
    }
    assert all(seconds >= 0 for seconds in made.stage_seconds.values())
    assert made.device_seconds == 2.0
    assert made.estimated_cost_usd == pytest.approx(0.001)
    assert made.warnings == ()
    assert made.transformed_keys == (object_keys.transformed(job_id, 0),)
    result = np.asarray(_picture(await bench.store.get(made.transformed_keys[0])))
    assert result.shape == (HEIGHT, WIDTH, 3)
    assert abs(int(result[10, 10, 0]) - 100) < 4, "the darker picture that the engine makes of (200, 120, 40)"
    assert max(_picture(await bench.store.get(made.thumbnail_key)).size) == 320
    both = _picture(await bench.store.get(made.before_after_key))
    assert both.size == (2 * WIDTH + 8, HEIGHT)
    left, right = both.getpixel((50, 100)), both.getpixel((WIDTH + 58, 100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > right[0] + 80
    assert set(made.control_map_keys) == {"depth", "segmentation"}
    assert _picture(await bench.store.get(made.control_map_keys["depth"])).size == (WIDTH, HEIGHT)


async def test_what_was_said_of_regions_comes_back(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    said = Correction(x=0.4, y=0.7, label=CorrectionLabel.WALL)
    surfaces = {SurfaceName.WALL: "#A3B18A", SurfaceName.FLOOR: "oak-boards"}
    async with bench.worker():
        made = await bench.completed(await bench.submit(corrections=(said,), surfaces=surfaces))
    assert made.corrections == (AppliedCorrection(correction=said, area=0.25),)
    assert made.warnings == ("The photo shows no floor that could be repainted.",)
    (asked,) = bench.services.requests["Transform"]
    assert dict(asked.surfaces) == {"wall": "#A3B18A", "floor": "oak-boards"}


async def test_events_follow_the_contract(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.12
    async with bench.worker():
        job_id = await bench.submit(style="boho")
        await bench.completed(job_id)
    events = await bench.events(job_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(earlier.progress <= later.progress for earlier, later in pairwise(events))
    order = list(JobStatus)
    assert all(order.index(earlier.status) <= order.index(later.status) for earlier, later in pairwise(events))
    assert list(dict.fromkeys(event.status for event in events)) == [
        *(JobStatus.QUEUED, JobStatus.ANALYZING, JobStatus.DETECTING, JobStatus.GENERATING),
        *(JobStatus.TRANSFORMING, JobStatus.FINALIZING, JobStatus.COMPLETED),
    ]
    assert [event.terminal for event in events].count(True) == 1
    bands = {
        JobStatus.ANALYZING: (0.1, 0.2, "Analyzing your room..."),
        JobStatus.DETECTING: (0.2, 0.3, "Detecting furniture..."),
        JobStatus.GENERATING: (0.3, 0.5, "Generating control images..."),
        JobStatus.TRANSFORMING: (0.5, 0.9, "Applying boho style..."),
        JobStatus.FINALIZING: (0.9, 0.95, "Finalizing your design..."),
        JobStatus.COMPLETED: (1.0, 1.0, "Your new room is ready!"),
    }
    for event in events[1:]:
        low, high, message = bands[event.status]
        assert low <= event.progress <= high
        assert event.message == message
    steps = [(event.step, event.total_steps) for event in events if event.total_steps and not event.preview_key]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_fast_steps_are_not_all_told(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.steps = 300
    async with bench.worker():
        job_id = await bench.submit()
        await bench.completed(job_id)
    events = await bench.events(job_id)
    steps = [event for event in events if event.total_steps and not event.preview_key]
    assert steps[-1].step == 300
    spent = (steps[-1].timestamp - steps[0].timestamp).total_seconds()
    assert len(steps) <= 2 + spent / 0.09


async def test_what_is_asked_for_reaches_the_engine(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker(previews=5):
        job_id = await bench.submit(
            style="industrial",
            color_palette=("#112233", "#FFFFFF"),
            room_type=RoomType.OFFICE,
            strength=0.25,
            seed=2**63,
            variants=3,
        )
        made = await bench.completed(job_id)
    (request,) = bench.services.requests["Transform"]
    assert (request.style, request.strength, request.seed, request.variants) == ("industrial", 0.25, 2**63, 3)
    assert (list(request.color_palette), request.previews) == (["#112233", "#FFFFFF"], 5)
    assert request.room_type == 6
    assert len(request.maps) == 2
    assert not request.HasField("keep")
    assert list(bench.services.requests["Assess"][0].palette) == ["#112233", "#FFFFFF"]
    assert len(made.transformed_keys) == 3
    assert bench.services.count("Assess") == 3
    assert made.palette_delta_e == 3.0


async def test_room_type_is_what_the_room_was_taken_for(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        await bench.completed(await bench.submit())
    assert bench.services.requests["Transform"][0].room_type == 2


async def test_no_room_is_a_warning(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.is_room = False
    async with bench.worker():
        made = await bench.completed(await bench.submit())
    assert "does not seem to show a room" in made.warnings[0]
    assert bench.services.requests["Transform"][0].room_type == 0


async def test_no_room_is_refused_where_the_caller_wants_one(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.is_room = False
    async with bench.worker():
        error = await bench.failed(await bench.submit(require_room=True))
    assert (error.code, error.retryable) == ("NOT_A_ROOM", False)
    assert bench.services.count("Transform") == 0


@pytest.mark.parametrize(
    ("preferences", "kept"),
    [
        ({"keep_furniture": True}, [(0.0, 0.6)]),
        ({"keep": ("sofa-1",)}, [(0.0, 0.5)]),
        ({"keep": ("lamp-1", "window-1")}, [(0.5, 0.6), (0.7, 1.0)]),
        ({"keep_furniture": True, "keep": ("window-1",)}, [(0.0, 0.6), (0.7, 1.0)]),
    ],
)
async def test_what_is_kept(
    worker_bench: WorkerBench, preferences: dict[str, Any], kept: list[tuple[float, float]]
) -> None:
    bench = worker_bench
    async with bench.worker():
        await bench.completed(await bench.submit(**preferences))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    for left, right in kept:
        expected[:, round(left * WIDTH) : round(right * WIDTH)] = True
    for sent in (
        bench.services.requests["Transform"][0].keep,
        bench.services.requests["Assess"][0].kept,
    ):
        assert np.array_equal(decode_mask(sent, shape=(HEIGHT, WIDTH)), expected)


async def test_outlines_are_asked_for_where_a_job_uses_them_and_remembered_apart(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        for preferences in ({}, {"keep_furniture": True}, {"seed": 1}, {"keep": ("sofa-1",)}):
            await bench.completed(await bench.submit(**preferences))
    assert [request.masks for request in bench.services.requests["Detect"]] == [False, True]
    kept = [request.HasField("keep") for request in bench.services.requests["Transform"]]
    assert kept == [False, True, False, True]


async def test_openings_and_staging_reach_the_engine(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        job_id = await bench.submit(mode=RoomMode.STAGE, repaint_openings=True)
        made = await bench.completed(job_id)
    (request,) = bench.services.requests["Transform"]
    assert (request.mode, request.repaint_openings, request.HasField("remove")) == (mode_pb2.MODE_STAGE, True, False)
    assert made.mode is RoomMode.STAGE
    assert await bench.pictures(job_id) == [object_keys.preview(job_id, 1)]


async def test_decluttering_removes_what_is_no_furniture_unless_it_is_to_stay(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.objects += (("plant-1", "plant", 0.6, 0.65), ("picture-1", "picture", 0.65, 0.7))
    async with bench.worker():
        await bench.completed(await bench.submit(mode=RoomMode.DECLUTTER))
        await bench.completed(await bench.submit(mode=RoomMode.DECLUTTER, keep=("plant-1",)))
        error = await bench.failed(await bench.submit(mode=RoomMode.DECLUTTER, keep=("plant-1", "picture-1")))
    for request, left in zip(bench.services.requests["Transform"], (0.6, 0.65), strict=True):
        expected = np.zeros((HEIGHT, WIDTH), bool)
        expected[:, round(left * WIDTH) : round(0.7 * WIDTH)] = True
        assert request.mode == mode_pb2.MODE_DECLUTTER
        assert np.array_equal(decode_mask(request.remove, shape=(HEIGHT, WIDTH)), expected)
    assert (error.code, error.retryable) == ("NOTHING_TO_REMOVE", False)


async def test_picture_whose_look_is_wanted_reaches_the_engine(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    look = make_photo(colour=(1, 2, 3))
    async with bench.worker():
        job_id = await bench.submit(style_image=look)
        made = await bench.completed(job_id)
    assert bench.services.requests["Transform"][0].style_image.data == look
    assert made.style_image_key == object_keys.style_image(job_id)
    assert made.style_image_palette == ("#010203",)


async def test_unknown_thing_to_keep_fails_by_name(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        error = await bench.failed(await bench.submit(keep=("sofa-1", "piano-1")))
    assert (error.code, error.retryable) == ("UNKNOWN_DETECTION", False)
    assert error.message == "There is no piano-1 in this photo to keep. Found: sofa-1, lamp-1, window-1."


async def test_many_jobs_at_once(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker(parallel_jobs=4):
        jobs = [await bench.submit(photo=make_photo(colour=(number, 0, 0))) for number in range(12)]
        for job_id in jobs:
            await bench.completed(job_id)
    for job_id in jobs:
        assert [event.status for event in await bench.events(job_id) if event.status in ENDINGS] == ["completed"]
