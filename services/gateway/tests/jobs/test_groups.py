"""Groups on a real Valkey: their terms, their places, and their end."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.jobs.groups import terms
from gateway.jobs.groups.store import MOST, RoomGroups
from gateway.jobs.request import Preferences
from servicekit.errors import InvalidArgument
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from tests.fixtures.jobstore import OpenJobStore, submit_one


@pytest.fixture
async def groups(open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings) -> AsyncIterator[RoomGroups]:
    one = RoomGroups(jobstore_settings, open_jobstore().jobs)
    yield one
    await one.close()


def wish(*, style: str = "boho", style_image: str = "", **preferences: Any) -> terms.Wish:
    return terms.Wish(style=style, preferences=Preferences(group="flat", **preferences), style_image_digest=style_image)


async def join(groups: RoomGroups, asked: terms.Wish, *, tenant: str = "t", key: str = "", kept: float = 60.0) -> Any:
    job_id = str(uuid.uuid4())
    return await groups.join(job_id, asked, tenant=tenant, idempotency_key=key, kept_seconds=kept)


async def test_later_jobs_get_what_the_first_one_said(groups: RoomGroups) -> None:
    first = wish(color_palette=("#112233",), strength=0.5, seed=7, room_type=RoomType.OFFICE, style_image="ab")
    await join(groups, first)
    place = await join(groups, wish())
    assert terms.agreed(wish(), place.terms) == first
    assert terms.agreed(first, place.terms) == first


async def test_a_seed_that_nobody_named_is_the_groups_own(groups: RoomGroups) -> None:
    seeds = [(await join(groups, wish(), tenant=tenant)).terms.seed for tenant in ("t", "t", "u")]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (wish(style="modern"), "style"),
        (wish(mode=RoomMode.STAGE), "preferences.mode"),
        (wish(color_palette=("#FFFFFF",)), "preferences.color_palette"),
        (wish(room_type=RoomType.KITCHEN), "preferences.room_type"),
        (wish(strength=0.1), "preferences.strength"),
        (wish(seed=8), "preferences.seed"),
        (wish(style_image="cd"), "style_image"),
    ],
)
async def test_what_contradicts_the_first_is_refused_by_name(groups: RoomGroups, other: terms.Wish, field: str) -> None:
    await join(groups, wish(seed=7))
    with pytest.raises(InvalidArgument, match="GROUP_MISMATCH") as caught:
        terms.agreed(other, (await join(groups, other)).terms)
    assert caught.value.metadata["field"] == field


async def test_eight_have_a_place_however_many_come_at_once(groups: RoomGroups) -> None:
    outcomes = await asyncio.gather(*(join(groups, wish()) for _ in range(MOST + 4)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, InvalidArgument)]
    assert len(refused) == 4
    assert {(one.reason, one.metadata["field"]) for one in refused} == {("GROUP_FULL", "preferences.group")}


async def test_a_repeated_request_has_its_place_also_in_a_full_group(groups: RoomGroups) -> None:
    places = [await join(groups, wish(), key=str(number)) for number in range(MOST)]
    assert all(place.new for place in places)
    assert not (await join(groups, wish(), key="3")).new


async def test_who_leaves_or_never_came_gives_the_place_back(
    groups: RoomGroups, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    for _ in range(MOST):
        await join(groups, wish())
    (key,) = [key async for key in redis.scan_iter(f"{{{jobstore_settings.joblog_namespace}}}:group:*")]
    members = [name for name in map(str, await redis.hkeys(key)) if name.startswith("m:")]
    job_id, _joined = str(await redis.hget(key, members[0])).split(" ")
    await groups.leave(job_id, tenant="t", word="flat")
    await join(groups, wish())
    with pytest.raises(InvalidArgument, match="GROUP_FULL"):
        await join(groups, wish())
    for name in map(str, await redis.hkeys(key)):
        if name.startswith("m:"):  # none of them became a job: their api has crashed long ago
            value = str(await redis.hget(key, name)).split(" ")
            await redis.hset(key, name, f"{value[0]} {int(value[1]) - 120}")
    assert (await join(groups, wish())).new


async def test_a_job_that_failed_gives_its_place_back(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore = open_jobstore()
    groups = RoomGroups(jobstore_settings, jobstore.jobs)
    jobs = [await submit_one(jobstore) for _ in range(MOST)]
    for job_id in jobs:
        await groups.join(job_id, wish(), tenant="t", idempotency_key="", kept_seconds=60)
    (key,) = [key async for key in redis.scan_iter(f"{{{jobstore_settings.joblog_namespace}}}:group:*")]
    for job_id in jobs:
        await redis.hset(key, f"m:{job_id}", f"{job_id} 1")
    with pytest.raises(InvalidArgument, match="GROUP_FULL"):
        await join(groups, wish())
    await jobstore.jobs.cancel(jobs[5], message="Cancelled.")
    assert (await join(groups, wish())).new
    await groups.close()


async def test_it_ends_with_its_newest_job_and_is_not_made_again_by_a_late_worker(
    groups: RoomGroups, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    await join(groups, wish(), kept=0.3)
    await asyncio.sleep(0.5)  # longer than it is kept
    assert await groups.leader("job", tenant="t", word="flat") == "job"
    await groups.offer_picture("jobs/x/transformed-0.jpg", tenant="t", word="flat")
    assert await groups.agreed_room(None, tenant="t", word="flat") is None
    assert [key async for key in redis.scan_iter(f"{{{jobstore_settings.joblog_namespace}}}:group:*")] == []


async def test_it_forgets_a_job_that_leaves_and_is_gone_with_the_last(
    groups: RoomGroups, redis: Redis, jobstore_settings: JobStoreSettings
) -> None:
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    for job_id in (one, other):
        await groups.join(job_id, wish(), tenant="t", idempotency_key="", kept_seconds=60)
    await groups.leader(one, tenant="t", word="flat")
    await groups.offer_picture(f"jobs/{one}/transformed-0.jpg", tenant="t", word="flat")
    await groups.leave(one, tenant="t", word="flat")
    assert await groups.picture(tenant="t", word="flat") == ""
    assert await groups.leader(other, tenant="t", word="flat") == other
    await groups.leave(other, tenant="t", word="flat")
    assert [key async for key in redis.scan_iter(f"{{{jobstore_settings.joblog_namespace}}}:group:*")] == []


def test_terms_survive_their_text() -> None:
    made = terms.of("job", wish(color_palette=("#112233",)), tenant="t")
    assert terms.decode(terms.encode(made)) == made
    assert dataclasses.replace(made, job_id="other") != made
