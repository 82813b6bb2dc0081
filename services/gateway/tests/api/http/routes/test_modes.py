"""What a job is asked for beyond a style: modes, a picture whose look is wanted, openings."""

import hashlib
import io
import json
from typing import Any

import pytest
from PIL import Image
from redis.asyncio import Redis

from gateway.jobs import request
from modomo.type.v1 import mode_pb2
from servicekit.types.corrections import Correction, CorrectionLabel
from servicekit.types.modes import RoomMode
from tests.fixtures.gateway import Gateway, photo


async def submit(gateway: Gateway, *, style_image: bytes | None = None, **preferences: Any) -> Any:
    files = {"file": ("room.jpg", photo())}
    if style_image is not None:
        files["style_image"] = ("look.jpg", style_image)
    data = {"style": "modern", "preferences": json.dumps(preferences)}
    return await gateway.http.post("/transform/submit", files=files, data=data)


async def asked_for(gateway: Gateway) -> request.JobRequest:
    return request.decode((await gateway.jobstore.queue.claim()).job.payload)


@pytest.mark.parametrize("mode", ["stage", "declutter"])
async def test_a_mode_that_the_engine_lacks_is_refused_by_name(gateway: Gateway, mode: str) -> None:
    answer = await submit(gateway, mode=mode)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "MODE_NOT_SUPPORTED", "preferences.mode")
    assert problem["detail"] == f"The engine lite cannot {mode}; it can restyle."
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0
    assert [key async for key in gateway.store.list("")] == []
    assert (await submit(gateway)).status_code == 202


async def test_a_mode_that_the_engine_has_reaches_the_worker(gateway: Gateway) -> None:
    gateway.services.diffuser.modes = (mode_pb2.MODE_RESTYLE, mode_pb2.MODE_STAGE, 99)  # type: ignore[assignment]  # as a newer service may list
    assert (await submit(gateway, mode="stage", repaint_openings=True)).status_code == 202
    preferences = (await asked_for(gateway)).preferences
    assert (preferences.mode, preferences.repaint_openings) == (RoomMode.STAGE, True)


async def test_the_picture_whose_look_is_wanted_is_stored_as_the_photo_is(gateway: Gateway) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret"
    Image.new("RGB", (1600, 1200), (10, 90, 160)).save(buffer, "JPEG", exif=exif)
    answer = await submit(gateway, style_image=buffer.getvalue())
    job_id = answer.json()["job_id"]
    stored = await gateway.store.get(f"jobs/{job_id}/style-image.jpg")
    assert Image.open(io.BytesIO(stored)).size == (768, 1024), "upright and bounded"
    assert b"secret" not in stored
    assert (await asked_for(gateway)).style_image_digest == hashlib.sha256(stored).hexdigest()
    await gateway.http.delete(f"/transform/{job_id}?purge=true")
    assert [key async for key in gateway.store.list("")] == []


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"hello" * 100, 415, "IMAGE_UNSUPPORTED"),
        (photo()[:400], 422, "IMAGE_UNREADABLE"),
        (photo(100, 100), 422, "IMAGE_TOO_SMALL"),
        (b"\xff\xd8\xff" + bytes(15 * 1024 * 1024), 413, "UPLOAD_TOO_LARGE"),
        (b"\xff\xd8\xff" + bytes(15 * 1024 * 1024 - 3), 413, "UPLOAD_TOO_LARGE"),  # with the photo's own bytes
    ],
)
async def test_a_bad_one_is_refused_by_its_own_name(gateway: Gateway, picture: bytes, status: int, code: str) -> None:
    answer = await submit(gateway, style_image=picture)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (status, code, "style_image")
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0
    assert [key async for key in gateway.store.list("")] == []


async def test_an_empty_one_is_none_as_pages_send_it(gateway: Gateway) -> None:
    assert (await submit(gateway, style_image=b"")).status_code == 202
    assert (await asked_for(gateway)).style_image_digest == ""


async def test_it_has_no_use_where_things_are_removed(gateway: Gateway) -> None:
    gateway.services.diffuser.modes = (mode_pb2.MODE_RESTYLE, mode_pb2.MODE_DECLUTTER)
    problem = (await submit(gateway, style_image=photo(), mode="declutter")).json()
    assert (problem["status"], problem["field"]) == (422, "style_image")


async def test_an_engine_that_takes_none_is_named(gateway: Gateway) -> None:
    gateway.services.diffuser.engine, gateway.services.diffuser.takes_style_image = "torch", False
    problem = (await submit(gateway, style_image=photo())).json()
    assert (problem["status"], problem["code"], problem["field"]) == (422, "STYLE_IMAGE_NOT_SUPPORTED", "style_image")
    assert "torch" in problem["detail"]


async def test_corrections_and_surfaces_reach_the_worker(gateway: Gateway) -> None:
    said = [{"x": 0.41, "y": 1, "label": "wall"}, {"x": 0.0, "y": 0.5, "label": "leave"}]
    surfaces = {"floor": "oak-boards", "wall": "#a3b18a"}
    assert (await submit(gateway, corrections=said, surfaces=surfaces)).status_code == 202
    preferences = (await asked_for(gateway)).preferences
    assert preferences.corrections == (
        Correction(x=0.41, y=1.0, label=CorrectionLabel.WALL),
        Correction(x=0.0, y=0.5, label=CorrectionLabel.LEAVE),
    )
    assert dict(preferences.surfaces) == {"wall": "#A3B18A", "floor": "oak-boards"}
    assert preferences.seed == 0, "the same request makes the same picture"


async def test_what_they_cannot_be_is_named(gateway: Gateway) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"corrections": [{"x": 1.01, "y": 0, "label": "wall"}]}, "FIELD_INVALID", "corrections[0].x"),
        ({"corrections": [{"x": 0.5, "y": 0.5, "label": "roof"}]}, "FIELD_INVALID", "corrections[0].label"),
        ({"corrections": [{"x": 0.5, "label": "wall"}]}, "FIELD_INVALID", "corrections[0].y"),
        ({"corrections": [{"x": 0.5, "y": 0.5, "label": "wall"}] * 33}, "FIELD_INVALID", "corrections"),
        ({"surfaces": {}}, "FIELD_INVALID", "surfaces"),
        ({"surfaces": {"roof": "#FFFFFF"}}, "UNKNOWN_FIELD", "surfaces.roof"),
        ({"surfaces": {"wall": "#FFF"}}, "FIELD_INVALID", "surfaces.wall"),
        ({"surfaces": {"wall": "oak-boards"}}, "UNKNOWN_MATERIAL", "surfaces.wall"),
        ({"surfaces": {"floor": "gold-boards"}}, "UNKNOWN_MATERIAL", "surfaces.floor"),
        ({"surfaces": {"wall": "#FFFFFF"}, "color_palette": ["#000000"]}, "FIELD_INVALID", "color_palette"),
        ({"surfaces": {"wall": "#FFFFFF"}, "group": "flat"}, "FIELD_INVALID", "group"),
    ]
    for preferences, code, field in cases:
        problem = (await submit(gateway, **preferences)).json()
        assert (problem["status"], problem["code"], problem["field"]) == (422, code, f"preferences.{field}")


async def test_an_engine_that_paints_no_regions_is_named(gateway: Gateway) -> None:
    diffuser = gateway.services.diffuser
    diffuser.engine, diffuser.takes_corrections, diffuser.materials = "torch", False, ()
    for wish, code in (
        ({"corrections": [{"x": 0.5, "y": 0.5, "label": "wall"}]}, "CORRECTIONS_NOT_SUPPORTED"),
        ({"surfaces": {"wall": "#FFFFFF"}}, "SURFACES_NOT_SUPPORTED"),
    ):
        problem = (await submit(gateway, **wish)).json()
        assert (problem["status"], problem["code"], problem["field"]) == (422, code, f"preferences.{next(iter(wish))}")
        assert "torch" in problem["detail"]
    assert (await gateway.http.get("/materials")).json() == {"success": True, "materials": []}


async def test_materials_are_listed_with_a_look_at_each(gateway: Gateway) -> None:
    (oak,) = (await gateway.http.get("/v1/materials")).json()["materials"]
    assert (oak["name"], oak["surfaces"], oak["color"]) == ("oak-boards", ["floor"], "#BE9462"), "no unknown surface"
    picture = await gateway.http.get(oak["thumbnail_url"])
    assert (picture.content, picture.headers["content-type"]) == (b"webp", "image/webp")
    assert (await gateway.http.get("/materials/gold.webp")).status_code == 404


async def test_a_style_image_has_no_use_beside_surfaces(gateway: Gateway) -> None:
    problem = (await submit(gateway, style_image=photo(), surfaces={"wall": "#FFFFFF"})).json()
    assert (problem["status"], problem["field"]) == (422, "style_image")


async def test_the_first_estimate_is_the_engines(gateway: Gateway) -> None:
    gateway.services.diffuser.usual_seconds = 1.0
    assert (await submit(gateway)).json()["estimated_time"] == 2


async def test_another_picture_with_the_same_key_is_another_request(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "one"}
    statuses = []
    for look in (photo(), photo(), photo(colour=(1, 2, 3))):
        files = {"file": ("room.jpg", photo()), "style_image": ("look.jpg", look)}
        answer = await gateway.http.post("/transform/submit", files=files, data={"style": "modern"}, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [202, 202, 409]


async def test_a_job_has_time_and_cost_by_its_work(gateway: Gateway, redis: Redis) -> None:
    one, four = [(await submit(gateway, variants=count)).json() for count in (1, 4)]
    records = [
        await redis.hgetall(f"{{{gateway.settings.joblog_namespace}}}:job:{job['job_id']}") for job in (one, four)
    ]
    assert [(int(record["cost"]), int(record["run_ms"])) for record in records] == [(1, 120_000), (4, 480_000)]
    assert four["estimated_time"] > one["estimated_time"]
    status = (await gateway.http.get(f"/transform/status/{four['job_id']}")).json()["data"]
    assert status["estimated_time_remaining"] > 3 * one["estimated_time"]


async def test_the_document_describes_all_of_it(gateway: Gateway) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    fields = document["components"]["schemas"]["Preferences"]["properties"]
    assert {"mode", "repaint_openings", "group"} <= set(fields)
    body = document["paths"]["/transform/submit"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["properties"]["style_image"]["format"] == "binary"
    assert "style_image" not in body["required"]
