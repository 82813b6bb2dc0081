"""Photos of one room: the same materials, colours and seed, and one picture that the others follow."""

import asyncio

from gateway.jobs import object_keys
from servicekit.types.rooms import RoomType
from tests.fixtures.worker import WorkerBench, make_photo

PHOTOS = [make_photo(colour=(10 * number, 40, 90)) for number in range(4)]


async def test_an_engine_that_repeats_itself_is_asked_for_the_same_of_each_photo(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.engine = "lite"
    async with bench.worker():
        first = await bench.submit(photo=PHOTOS[0], group="flat", color_palette=("#112233",), strength=0.5)
        jobs = [first, await bench.submit(photo=PHOTOS[1], group="flat"), await bench.submit(photo=PHOTOS[2])]
        made = [await bench.completed(job_id) for job_id in jobs]
    by_photo = {request.image.data: request for request in bench.services.requests["Transform"]}
    one, other, alone = (by_photo[photo] for photo in PHOTOS[:3])
    for request in (one, other):
        assert list(request.color_palette) == ["#112233"]
        assert (request.strength, request.room_type) == (0.5, 2)
        assert not request.HasField("style_image")
    assert one.seed == other.seed != alone.seed
    assert [result.group for result in made] == ["flat", "flat", ""]


async def test_what_the_first_photo_shows_decides_for_all(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    job_id = await bench.submit(group="flat")
    assert await bench.groups.agreed_room(RoomType.KITCHEN, tenant="", word="flat") is RoomType.KITCHEN
    async with bench.worker():
        await bench.completed(job_id)
    assert bench.services.requests["Transform"][0].room_type == 3, "not the bedroom that this photo was taken for"


async def test_the_others_follow_the_first_finished_picture(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["Transform"] = 0.1
    async with bench.worker(parallel_jobs=3):
        jobs = [await bench.submit(photo=photo, group="flat") for photo in PHOTOS[:3]]
        made = [await bench.completed(job_id) for job_id in jobs]
    requests = bench.services.requests["Transform"]
    assert len({request.seed for request in requests}) == 1
    leading, *following = requests
    assert not leading.HasField("style_image")
    leader = next(result for result, photo in zip(made, PHOTOS, strict=False) if photo == leading.image.data)
    picture = await bench.store.get(leader.transformed_keys[0])
    assert [request.style_image.data for request in following] == [picture] * 2
    assert all(not result.warnings for result in made)
    assert [result.style_image_key for result in made] == [""] * 3, "no picture of the caller's"


async def test_a_leader_that_is_cancelled_makes_way(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    bench.services.seconds["queue"] = 30
    async with bench.worker(parallel_jobs=2):
        leader = await bench.submit(photo=PHOTOS[0], group="flat")
        async with asyncio.timeout(20):
            while not bench.services.count("Transform"):  # noqa: ASYNC110 - polled as the app polls
                await asyncio.sleep(0.02)  # until it waits for its device
        follower = await bench.submit(photo=PHOTOS[1], group="flat")
        bench.services.seconds["queue"] = 0
        await bench.jobstore.jobs.cancel(leader, message="Cancelled.")
        await bench.completed(follower)
    assert not bench.services.requests["Transform"][-1].HasField("style_image")
    assert await bench.groups.picture(tenant="", word="flat") == object_keys.transformed(follower, 0)


async def test_a_picture_that_never_comes_is_not_waited_for_for_ever(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    waiting = await bench.submit(photo=PHOTOS[0], group="flat")  # no worker of ours will take it up in time
    assert await bench.groups.leader(waiting, tenant="", word="flat") == waiting
    await bench.jobstore.queue.claim()
    async with bench.worker():
        made = await bench.completed(
            await bench.submit(photo=PHOTOS[1], group="flat", run_seconds=2.0, wait_seconds=1.0)
        )
    assert "was not ready in time" in made.warnings[0]


async def test_a_picture_that_was_purged_is_followed_no_more(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        first = await bench.submit(photo=PHOTOS[0], group="flat")
        await bench.completed(first)
        await bench.store.delete(object_keys.transformed(first, 0))
        second = await bench.submit(photo=PHOTOS[1], group="flat")
        await bench.completed(second)
    assert not bench.services.requests["Transform"][-1].HasField("style_image")
    assert await bench.groups.picture(tenant="", word="flat") == object_keys.transformed(second, 0)


async def test_groups_of_two_tenants_have_nothing_in_common(worker_bench: WorkerBench) -> None:
    bench = worker_bench
    async with bench.worker():
        for tenant, photo in zip(("a", "b"), PHOTOS, strict=False):
            await bench.completed(await bench.submit(photo=photo, group="flat", tenant=tenant))
    one, other = bench.services.requests["Transform"]
    assert one.seed != other.seed
    assert not other.HasField("style_image")
