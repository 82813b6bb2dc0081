"""Photos of one room over HTTP."""

import json
from typing import Any

from gateway.jobs import request
from tests.fixtures.gateway import Gateway, photo


async def submit(
    gateway: Gateway, *, style: str = "modern", look: bytes | None = None, key: str = "", **more: Any
) -> Any:
    files = {"file": ("room.jpg", photo())} | ({"style_image": ("look.jpg", look)} if look else {})
    data = {"style": style, "preferences": json.dumps({"group": "flat"} | more)}
    headers = {"Idempotency-Key": key} if key else {}
    return await gateway.http.post("/transform/submit", files=files, data=data, headers=headers)


async def asked_for(gateway: Gateway) -> request.JobRequest:
    return request.decode((await gateway.jobstore.queue.claim()).job.payload)


async def test_later_photos_share_what_the_first_one_said_and_its_style_image(gateway: Gateway) -> None:
    first = (await submit(gateway, look=photo(colour=(9, 9, 9)), color_palette=["#a1b2c3"])).json()["job_id"]
    second = (await submit(gateway)).json()["job_id"]
    one, other = await asked_for(gateway), await asked_for(gateway)
    assert one.preferences == other.preferences
    assert one.preferences.seed is not None
    assert other.preferences.color_palette == ("#A1B2C3",)
    assert one.style_image_digest == other.style_image_digest != ""
    stored = [await gateway.store.get(f"jobs/{job_id}/style-image.jpg") for job_id in (first, second)]
    assert stored[0] == stored[1]


async def test_a_contradiction_is_refused_by_name_and_takes_no_place(gateway: Gateway) -> None:
    for _ in range(7):
        assert (await submit(gateway)).status_code == 202
    problem = (await submit(gateway, style="boho")).json()
    assert (problem["status"], problem["code"], problem["field"]) == (422, "GROUP_MISMATCH", "style")
    assert (await submit(gateway)).status_code == 202
    problem = (await submit(gateway)).json()
    assert (problem["status"], problem["code"], problem["field"]) == (422, "GROUP_FULL", "preferences.group")


async def test_a_style_image_that_was_deleted_has_to_be_sent_again(gateway: Gateway) -> None:
    look = photo(colour=(9, 9, 9))
    first = (await submit(gateway, look=look)).json()["job_id"]
    await gateway.store.delete(f"jobs/{first}/style-image.jpg")
    problem = (await submit(gateway)).json()
    assert (problem["status"], problem["code"], problem["field"]) == (422, "GROUP_STYLE_IMAGE_GONE", "style_image")
    assert (await submit(gateway, look=look)).status_code == 202


async def test_a_repeated_request_is_the_same_job(gateway: Gateway) -> None:
    jobs = [(await submit(gateway, key="one")).json()["job_id"] for _ in range(2)]
    assert jobs[0] == jobs[1]
    assert (await submit(gateway, key="one", variants=2)).status_code == 409
    for number in range(7):
        assert (await submit(gateway, key=f"other {number}")).status_code == 202
    assert (await submit(gateway, key="one")).json()["job_id"] == jobs[0], "also in a full group"


async def test_a_group_forgets_a_purged_job(gateway: Gateway) -> None:
    jobs = [(await submit(gateway)).json()["job_id"] for _ in range(8)]
    await gateway.http.delete(f"/transform/{jobs[0]}?purge=true")
    assert (await submit(gateway)).status_code == 202
