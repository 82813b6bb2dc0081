"""A job over HTTP: submit, status, result, cancel."""

import asyncio
import uuid
from typing import Any

import pytest

from gateway.api.http.responses import JobStatusAnswer
from gateway.jobs import request, status_presentation
from gateway.jobs.result import JobError, encode
from servicekit.jobstore import Ending, JobStatus, Update
from servicekit.types.rooms import RoomType
from tests.fixtures.gateway import Gateway, StartGateway, photo


async def status_of(gateway: Gateway, job_id: str) -> dict[str, Any]:
    answer = await gateway.http.get(f"/transform/status/{job_id}")
    assert answer.status_code == 200
    JobStatusAnswer.model_validate(answer.json())
    data: dict[str, Any] = answer.json()["data"]
    return data


def form(**parts: str) -> dict[str, Any]:
    return {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"} | parts}


async def test_submit_answers_as_the_contract_says(gateway: Gateway) -> None:
    answer = await gateway.http.post("/transform/submit", **form())
    assert answer.status_code == 202
    body = answer.json()
    job_id = body["job_id"]
    assert str(uuid.UUID(job_id)) == job_id
    host = gateway.url.removeprefix("http://")
    assert body == {
        "success": True,
        "job_id": job_id,
        "estimated_time": 15,
        "websocket_url": f"ws://{host}/ws/transform/{job_id}",
        "events_url": f"http://{host}/transform/events/{job_id}",
        "status_url": f"http://{host}/transform/status/{job_id}",
        "share_token": None,
    }


async def test_the_worker_gets_what_was_asked_for_and_the_photo_is_stored(gateway: Gateway) -> None:
    preferences = {"keep_furniture": True, "color_palette": ["#ffffff"], "room_type": "kitchen", "strength": 0.5}
    job_id = await gateway.submit(photo(), style="boho", seed=2**53 - 1, variants=2, keep=["sofa-1"], **preferences)
    claim = await gateway.jobstore.queue.claim()
    asked = request.decode(claim.job.payload)
    assert claim.job.job_id == job_id
    assert asked.style == "boho"
    assert asked.preferences == request.Preferences(
        keep_furniture=True,
        color_palette=("#FFFFFF",),
        room_type=RoomType.KITCHEN,
        strength=0.5,
        seed=2**53 - 1,
        variants=2,
        keep=("sofa-1",),
    )
    assert (asked.width, asked.height) == (320, 256)
    assert (await gateway.store.get(f"jobs/{job_id}/original.jpg")).startswith(b"\xff\xd8")


async def test_urls_follow_the_setting_or_the_proxy(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(auth="insecure")
    behind_proxy = await gateway.http.post(
        "/transform/submit", **form(), headers={"Host": "app.example", "X-Forwarded-Proto": "https"}
    )
    assert behind_proxy.json()["websocket_url"].startswith("wss://app.example/ws/transform/")
    assert behind_proxy.json()["status_url"].startswith("https://app.example/transform/status/")
    public = await start_gateway(public_url="https://public.example/")
    answer = await public.http.post("/transform/submit", **form())
    assert answer.json()["websocket_url"].startswith("wss://public.example/ws/transform/")


@pytest.mark.parametrize("host", ['x"><script>', "a b", "host/path", ""])
async def test_a_strange_host_is_not_echoed(start_gateway: StartGateway, host: str) -> None:
    gateway = await start_gateway(auth="insecure")
    answer = await gateway.http.post("/transform/submit", **form(), headers={"Host": host})
    assert answer.json()["status_url"].startswith("http://127.0.0.1:")


async def test_status_while_waiting(gateway: Gateway) -> None:
    await gateway.submit(photo())
    job_id = await gateway.submit(photo())
    data = await status_of(gateway, job_id)
    assert data.pop("created_at").endswith("Z")
    assert data.pop("expires_at").endswith("Z")
    assert data.pop("estimated_time_remaining") >= 15
    assert data.pop("websocket_url").endswith(f"/ws/transform/{job_id}")
    assert data.pop("events_url").endswith(f"/transform/events/{job_id}")
    assert data == {
        "job_id": job_id,
        "status": "queued",
        "progress": 0.0,
        "result": None,
        "error": None,
        "error_code": None,
        "stage": "queued",
        "queue_position": 2,
        "preview_url": None,
        "share_token": None,
    }


@pytest.mark.parametrize(
    ("stage", "word"),
    [
        (JobStatus.ANALYZING, "analyzing"),
        (JobStatus.DETECTING, "analyzing"),
        (JobStatus.GENERATING, "generating"),
        (JobStatus.TRANSFORMING, "generating"),
        (JobStatus.FINALIZING, "generating"),
    ],
)
async def test_polled_status_is_the_coarse_word(gateway: Gateway, stage: JobStatus, word: str) -> None:
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    progress = status_presentation.progress(stage, 0.5)
    await claim.append(Update(status=stage, progress=progress, message="…"))
    data = await status_of(gateway, job_id)
    assert (data["status"], data["stage"], data["progress"]) == (word, stage, progress)
    assert data["queue_position"] is None


async def test_preview_is_linked_while_there_is_no_result(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    await gateway.store.put(f"jobs/{job_id}/preview-1.jpg", b"preview", content_type="image/jpeg")
    update = Update(
        status=JobStatus.TRANSFORMING, progress=0.6, message="…", preview_key=f"jobs/{job_id}/preview-1.jpg"
    )
    await claim.append(update)
    link = (await status_of(gateway, job_id))["preview_url"]
    assert (await gateway.http.get(link)).content == b"preview"


async def test_completed_job_shows_its_result(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    data = await status_of(gateway, job_id)
    assert (data["status"], data["progress"], data["error"]) == ("completed", 1.0, None)
    assert data["estimated_time_remaining"] == 0
    shown = data["result"]
    for name, content in [
        ("transformed_url", b"transformed"),
        ("thumbnail_url", b"thumbnail"),
        ("before_after_url", b"before-after"),
    ]:
        picture = await gateway.http.get(shown[name])
        assert picture.content == content
        assert picture.headers["content-type"] == "image/jpeg"
    assert (await gateway.http.get(shown["original_url"])).content.startswith(b"\xff\xd8")
    assert (await gateway.http.get(shown["control_maps"]["depth"])).headers["content-type"] == "image/png"
    assert shown["transformed_urls"] == [shown["transformed_url"]]
    assert shown["detections"] == [{"id": "sofa-1", "label": "sofa", "confidence": 0.75, "box": [1.0, 2.0, 30.0, 40.0]}]
    metadata = shown["metadata"]
    assert (metadata["style"], metadata["processing_time"], metadata["quality_score"]) == ("modern", 14.5, 0.92)
    assert (metadata["engine"], metadata["seed"]) == ("lite", 7)
    assert metadata["models"] == [{"name": "lite", "revision": "1", "licence": "Apache-2.0"}]
    assert metadata["stage_seconds"] == {"transforming": 1.5}
    assert metadata["quality"] == {"overall": 0.92, "structure": 0.95}
    assert (metadata["gpu_seconds"], metadata["estimated_cost_usd"]) == (1.25, 0.001)


async def test_links_stay_the_same_for_a_while_and_are_renewed_in_time(start_gateway: StartGateway) -> None:
    for seconds, same in ((900, True), (4, False)):
        gateway = await start_gateway(url_seconds=seconds)
        job_id = await gateway.submit(photo())
        await gateway.complete(await gateway.jobstore.queue.claim())
        first = (await status_of(gateway, job_id))["result"]
        await asyncio.sleep(1.1)  # more than a quarter of the second gateway's time
        second = (await status_of(gateway, job_id))["result"]
        assert (first == second) is same
        assert (await gateway.http.get(second["transformed_url"])).status_code == 200


async def test_failed_job_says_why(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    error = JobError(code="NOT_A_ROOM", message="The photo shows no room.", retryable=False)
    await claim.finish(Ending(status=JobStatus.FAILED, message=error.message, error=encode(error)))
    data = await status_of(gateway, job_id)
    assert (data["status"], data["error"], data["error_code"]) == ("failed", "The photo shows no room.", "NOT_A_ROOM")
    assert data["result"] is None


async def test_cancel_says_the_same_twice(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    for _ in range(2):
        answer = await gateway.http.delete(f"/transform/{job_id}")
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "message": "Job cancelled successfully"}
    assert (await status_of(gateway, job_id))["status"] == "cancelled"


async def test_cancel_comes_too_late(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    answer = await gateway.http.delete(f"/transform/{job_id}")
    assert answer.status_code == 409
    assert answer.json()["code"] == "JOB_ENDED"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/transform/status/{}"), ("DELETE", "/transform/{}"), ("GET", "/transform/events/{}")],
)
async def test_unknown_and_malformed_ids_are_404(gateway: Gateway, method: str, path: str) -> None:
    unknown = uuid.uuid4()
    malformed = ["1", "not-a-uuid", "%2e%2e%2fjobs", "..%2f..%2fetc%2fpasswd", "%00", "x" * 5000, "%ff", "é"]
    for job_id in [unknown, unknown.hex, f"urn:uuid:{unknown}", f"{{{unknown}}}", *malformed]:
        answer = await gateway.http.request(method, path.format(job_id))
        assert answer.status_code == 404, job_id
        assert answer.headers["content-type"] == "application/problem+json"


async def test_same_key_and_request_is_the_same_job(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k" * 255}
    answers = await asyncio.gather(
        *(gateway.http.post("/transform/submit", **form(), headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {202}
    (job_id,) = {answer.json()["job_id"] for answer in answers}
    kept = [key async for key in gateway.store.list("jobs/")]
    assert kept == [f"jobs/{job_id}/original.jpg"]


@pytest.mark.parametrize("changed", [{"style": "boho"}, {"preferences": '{"seed": 1}'}])
async def test_same_key_and_another_request_is_a_conflict(gateway: Gateway, changed: dict[str, str]) -> None:
    headers = {"Idempotency-Key": "k"}
    first = await gateway.http.post("/transform/submit", **form(), headers=headers)
    second = await gateway.http.post("/transform/submit", **form(**changed), headers=headers)
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len([key async for key in gateway.store.list("jobs/")]) == 1


async def test_overlong_idempotency_key_is_refused_by_name(gateway: Gateway) -> None:
    answer = await gateway.http.post("/transform/submit", **form(), headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 422
    assert answer.json()["field"] == "Idempotency-Key"


async def test_full_queue_is_503_and_leaves_nothing_behind(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(queue_limit=1)
    await gateway.submit(photo())
    answer = await gateway.http.post("/transform/submit", **form())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert (answer.json()["code"], answer.json()["retryable"]) == ("QUEUE_FULL", True)
    assert len([key async for key in gateway.store.list("jobs/")]) == 1


async def test_nothing_is_accepted_without_a_store(gateway: Gateway) -> None:
    objects = gateway.settings.data_dir / "objects"
    objects.rename(gateway.settings.data_dir / "away")
    objects.write_text("a file where the folder was")
    answer = await gateway.http.post("/transform/submit", **form())
    assert (answer.status_code, answer.json()["code"]) == (503, "STORAGE_UNAVAILABLE")
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0
