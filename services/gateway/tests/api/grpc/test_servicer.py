"""TransformService: the use cases of the HTTP endpoints, over gRPC."""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from PIL import Image

from gateway.jobs import request as job_request
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1 import transform_service_pb2_grpc as pb_grpc
from modomo.type.v1 import job_pb2, mode_pb2, room_pb2
from modomo.type.v1.correction_pb2 import Correction as CorrectionMessage
from servicekit.errors import ServiceError
from servicekit.jobstore import Cancelled, JobStatus, Update
from servicekit.rpc import client
from servicekit.rpc.status import from_call
from servicekit.types.corrections import Correction, CorrectionLabel, correction_to_proto
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.worker import WorkerBench

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceAsyncStub as Stub


@pytest.fixture
async def grpc_api(gateway: Gateway) -> AsyncIterator["Stub"]:
    async with client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        yield pb_grpc.TransformServiceStub(channel)


async def _refused(call: Any) -> ServiceError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_call(caught.value)


async def test_submitted_job_is_the_same_as_over_http(gateway: Gateway, grpc_api: "Stub") -> None:
    preferences = pb.Preferences(
        keep_furniture=True,
        color_palette=["#ffffff"],
        room_type=room_pb2.ROOM_TYPE_OFFICE,
        strength=0.8,
        seed=2**53 - 1,
        variants=2,
        keep=["sofa-1"],
        require_room=True,
    )
    answer = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="boho", preferences=preferences))
    assert str(uuid.UUID(answer.job_id)) == answer.job_id
    assert answer.estimated_time.seconds == 30, "two variants"
    claim = await gateway.jobstore.queue.claim()
    assert claim.job.job_id == answer.job_id
    asked = job_request.decode(claim.job.payload)
    assert asked.style == "boho"
    assert asked.preferences == job_request.Preferences(
        keep_furniture=True,
        color_palette=("#FFFFFF",),
        room_type=RoomType.OFFICE,
        strength=0.8,
        seed=2**53 - 1,
        variants=2,
        keep=("sofa-1",),
        require_room=True,
    )
    status = (await gateway.http.get(f"/transform/status/{answer.job_id}")).json()
    assert status["data"]["job_id"] == answer.job_id


async def test_modes_and_pictures_as_over_http(gateway: Gateway, grpc_api: "Stub") -> None:
    gateway.services.diffuser.modes = (mode_pb2.MODE_RESTYLE, mode_pb2.MODE_STAGE)
    preferences = pb.Preferences(mode=mode_pb2.MODE_STAGE, repaint_openings=True)
    answer = await grpc_api.Submit(
        pb.SubmitRequest(image=photo(), style="boho", preferences=preferences, style_image=photo(colour=(1, 2, 3)))
    )
    asked = job_request.decode((await gateway.jobstore.queue.claim()).job.payload)
    assert asked.preferences == job_request.Preferences(mode=RoomMode.STAGE, repaint_openings=True)
    assert len(asked.style_image_digest) == 64
    assert await gateway.store.get(f"jobs/{answer.job_id}/style-image.jpg")


async def test_corrections_and_surfaces_as_over_http(gateway: Gateway, grpc_api: "Stub") -> None:
    said = Correction(x=0.41, y=0.72, label=CorrectionLabel.CEILING)
    preferences = pb.Preferences(corrections=[correction_to_proto(said)], surfaces={"wall": "#a3b18a"})
    await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="boho", preferences=preferences))
    asked = job_request.decode((await gateway.jobstore.queue.claim()).job.payload)
    assert asked.preferences == job_request.Preferences(
        seed=0, corrections=(said,), surfaces={SurfaceName.WALL: "#A3B18A"}
    )


async def test_defaults(gateway: Gateway, grpc_api: "Stub") -> None:
    await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
    asked = job_request.decode((await gateway.jobstore.queue.claim()).job.payload)
    assert asked.preferences == job_request.Preferences()


async def test_same_key_is_the_same_job_and_another_request_a_conflict(grpc_api: "Stub") -> None:
    request = pb.SubmitRequest(image=photo(), style="modern", idempotency_key="key-1")
    first, second = await grpc_api.Submit(request), await grpc_api.Submit(request)
    assert first.job_id == second.job_id
    request.style = "boho"
    error = await _refused(grpc_api.Submit(request))
    assert error.code is grpc.StatusCode.ALREADY_EXISTS


def _gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (300, 300)).save(buffer, "GIF")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": b""}, "image"),
        ({"image": b"hello" * 100}, "image"),
        ({"image": _gif()}, "image"),
        ({"image": photo()[:400]}, "image"),
        ({"image": photo(100, 100)}, "image"),
        ({"image": b"\xff\xd8\xff" + bytes(15 * 1024 * 1024)}, "image"),
        ({"style": "baroque"}, "style"),
        ({"style": ""}, "style"),
        ({"idempotency_key": "k" * 256}, "idempotency_key"),
        ({"idempotency_key": "k\n"}, "idempotency_key"),
        ({"preferences": pb.Preferences(color_palette=["#GGGGGG"])}, "preferences.color_palette[0]"),
        ({"preferences": pb.Preferences(color_palette=["#FFFFFF"] * 9)}, "preferences.color_palette"),
        ({"preferences": pb.Preferences(strength=1.5)}, "preferences.strength"),
        ({"preferences": pb.Preferences(corrections=[CorrectionMessage(x=0.5)])}, "preferences.corrections"),
        ({"preferences": pb.Preferences(surfaces={"roof": "#FFFFFF"})}, "preferences.surfaces.roof"),
        ({"preferences": pb.Preferences(strength=float("nan"))}, "preferences.strength"),
        ({"preferences": pb.Preferences(variants=5)}, "preferences.variants"),
        ({"preferences": pb.Preferences(keep=["../etc"])}, "preferences.keep[0]"),
        ({"preferences": pb.Preferences(mode=99)}, "preferences.mode"),  # type: ignore[arg-type]  # wrong on purpose
        ({"preferences": pb.Preferences(mode=mode_pb2.MODE_STAGE)}, "preferences.mode"),
        ({"preferences": pb.Preferences(group="two words")}, "preferences.group"),
        ({"style_image": b"hello" * 100}, "style_image"),
        ({"style_image": b"\xff\xd8\xff" + bytes(15 * 1024 * 1024)}, "style_image"),
        ({"preferences": pb.Preferences(room_type=99)}, "preferences.room_type"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
async def test_bad_request_is_refused_by_field(
    gateway: Gateway, grpc_api: "Stub", changes: dict[str, Any], field: str
) -> None:
    values: dict[str, Any] = {"image": photo(), "style": "modern", **changes}
    error = await _refused(grpc_api.Submit(pb.SubmitRequest(**values)))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.metadata["field"] == field
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0
    await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))


async def test_a_photo_that_no_message_may_hold_is_told_so_and_not_tried_again(grpc_api: "Stub") -> None:
    """gRPC refuses it by itself, as something that may pass; what our callers make of it is in words."""
    error = await _refused(grpc_api.Submit(pb.SubmitRequest(image=bytes(17 * 1024 * 1024), style="modern")))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_TOO_LARGE")
    assert error.message == "The message has more than 16 MB."
    assert not error.retryable


async def test_message_beyond_the_limit_is_refused_and_the_next_one_works(grpc_api: "Stub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await grpc_api.Submit(pb.SubmitRequest(image=bytes(33 * 1024 * 1024), style="modern"))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))


@pytest.mark.parametrize("job_id", ["7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11", "", "../../etc/passwd", "x" * 10_000])
async def test_unknown_job(grpc_api: "Stub", job_id: str) -> None:
    calls = (grpc_api.Get(pb.GetRequest(job_id=job_id)), grpc_api.Cancel(pb.CancelRequest(job_id=job_id)))
    for call in (*calls, _all_events(grpc_api, job_id)):
        error = await _refused(call)
        assert (error.code, error.reason) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_JOB")


async def test_watch_from_an_impossible_place(grpc_api: "Stub") -> None:
    submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
    error = await _refused(_all_events(grpc_api, submitted.job_id, after=2**64 - 1))
    assert (error.code, error.metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "after_seq")


async def test_cancel(gateway: Gateway, grpc_api: "Stub") -> None:
    submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
    for _ in range(2):
        await grpc_api.Cancel(pb.CancelRequest(job_id=submitted.job_id))
    got = await grpc_api.Get(pb.GetRequest(job_id=submitted.job_id))
    assert got.job.status == job_pb2.JOB_STATUS_CANCELLED
    events = await _all_events(grpc_api, submitted.job_id)
    assert [event.status for event in events] == [job_pb2.JOB_STATUS_QUEUED, job_pb2.JOB_STATUS_CANCELLED]


async def test_cancel_reaches_whoever_works_on_the_job(gateway: Gateway, grpc_api: "Stub") -> None:
    submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
    claim = await gateway.jobstore.queue.claim()
    await grpc_api.Cancel(pb.CancelRequest(job_id=submitted.job_id))
    with pytest.raises(Cancelled):
        await asyncio.wait_for(claim.lost(), 30)


async def test_completed_job_with_its_result(gateway: Gateway, grpc_api: "Stub") -> None:
    submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
    await gateway.complete(await gateway.jobstore.queue.claim())
    job = (await grpc_api.Get(pb.GetRequest(job_id=submitted.job_id))).job
    assert (job.job_id, job.status, job.progress) == (submitted.job_id, job_pb2.JOB_STATUS_COMPLETED, 1.0)
    assert job.expires_at.seconds - job.created_at.seconds == 86_400
    assert (job.result.engine, job.result.seed, job.result.room_type) == ("lite", 7, room_pb2.ROOM_TYPE_KITCHEN)
    assert job.result.quality_score == pytest.approx(0.92)
    assert job.result.detections[0].id == "sofa-1"
    for link in (
        job.result.transformed_urls[0],
        job.result.thumbnail_url,
        job.result.original_url,
        job.result.before_after_url,
        job.result.control_map_urls["depth"],
    ):
        assert (await gateway.http.get(link)).status_code == 200
    error = await _refused(grpc_api.Cancel(pb.CancelRequest(job_id=submitted.job_id)))
    assert error.code is grpc.StatusCode.FAILED_PRECONDITION


async def test_links_are_complete_where_the_address_is_known(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(public_url="https://rooms.example/")
    async with client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        grpc_api = pb_grpc.TransformServiceStub(channel)
        submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))
        await gateway.complete(await gateway.jobstore.queue.claim())
        job = (await grpc_api.Get(pb.GetRequest(job_id=submitted.job_id))).job
    assert job.result.thumbnail_url.startswith("https://rooms.example/files/")


async def test_watch_replays_and_goes_on_to_the_end(
    gateway: Gateway, grpc_api: "Stub", worker_bench: WorkerBench
) -> None:
    """Through a real worker, on the gateway's own jobs and pictures."""
    submitted = await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="boho"))
    watching = asyncio.create_task(_all_events(grpc_api, submitted.job_id))
    async with worker_bench.worker(
        data_dir=gateway.settings.data_dir, joblog_namespace=gateway.settings.joblog_namespace
    ):
        events = await asyncio.wait_for(watching, 60)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[0].status == job_pb2.JOB_STATUS_QUEUED
    assert events[-1].status == job_pb2.JOB_STATUS_COMPLETED
    assert {event.job_id for event in events} == {submitted.job_id}
    rest = await _all_events(grpc_api, submitted.job_id, after=events[-3].seq)
    assert rest == events[-2:]
    assert await _all_events(grpc_api, submitted.job_id, after=events[-1].seq) == []
    assert await _all_events(grpc_api, submitted.job_id, after=events[-1].seq + 5) == events[-1:]


async def test_watch_hands_out_a_link_to_each_preview_and_no_key(gateway: Gateway, grpc_api: "Stub") -> None:
    job_id = (await grpc_api.Submit(pb.SubmitRequest(image=photo(), style="modern"))).job_id
    claim = await gateway.jobstore.queue.claim()
    key = f"jobs/{job_id}/preview-1.jpg"
    await gateway.store.put(key, b"preview", content_type="image/jpeg")
    await claim.append(Update(status=JobStatus.TRANSFORMING, progress=0.6, message="", preview_key=key))
    await gateway.complete(claim)
    answers = [answer async for answer in grpc_api.Watch(pb.WatchRequest(job_id=job_id))]
    assert [bool(answer.preview_url) for answer in answers] == [False, True, False]
    assert {(answer.event.preview_key, answer.event.traceparent) for answer in answers} == {("", "")}
    assert (await gateway.http.get(answers[1].preview_url)).content == b"preview"


async def _all_events(grpc_api: "Stub", job_id: str, *, after: int = 0) -> list[job_pb2.JobEvent]:
    return [answer.event async for answer in grpc_api.Watch(pb.WatchRequest(job_id=job_id, after_seq=after))]
