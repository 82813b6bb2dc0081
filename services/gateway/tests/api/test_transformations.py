"""`DELETE /transform/{id}?purge=true`: the job and all that is known of it are gone, whatever it was doing."""

import grpc
import pytest

from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceStub
from servicekit.jobstore import Cancelled
from servicekit.rpc import client
from tests.fixtures.gateway import Gateway, photo


async def _objects(gateway: Gateway) -> list[str]:
    return [key async for key in gateway.store.list("")]


@pytest.mark.parametrize("state", ["queued", "running", "completed", "cancelled"])
async def test_a_purged_job_is_gone(gateway: Gateway, state: str) -> None:
    job_id = await gateway.submit(photo())
    if state in ("running", "completed"):
        claim = await gateway.jobstore.queue.claim()
    if state == "completed":
        await gateway.complete(claim)
    if state == "cancelled":
        await gateway.http.delete(f"/transform/{job_id}")
    links = _links((await gateway.http.get(f"/transform/status/{job_id}")).json())
    answer = await gateway.http.delete(f"/transform/{job_id}?purge=true")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert await _objects(gateway) == []
    for path in (f"/transform/status/{job_id}", f"/transform/events/{job_id}"):
        assert (await gateway.http.get(path)).status_code == 404
    for method in ("", "?purge=true"):
        assert (await gateway.http.delete(f"/transform/{job_id}{method}")).status_code == 404
    if state == "completed":
        assert len(links) >= 4
        for link in links:
            assert (await gateway.http.get(link)).status_code == 404, "a link is of no use any more"
    if state == "running":
        with pytest.raises(Cancelled):
            await claim.lost()


async def test_another_job_stays(gateway: Gateway) -> None:
    gone, stays = await gateway.submit(photo()), await gateway.submit(photo(colour=(1, 2, 3)))
    await gateway.http.delete(f"/transform/{gone}?purge=true")
    assert (await gateway.http.get(f"/transform/status/{stays}")).json()["data"]["status"] == "queued"
    assert [key.split("/")[1] for key in await _objects(gateway)] == [stays]


async def test_followers_see_the_end_of_a_purged_job(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with gateway.http.stream("GET", f"/transform/events/{job_id}") as events:
        lines = events.aiter_lines()
        async for line in lines:
            if line.startswith("data:"):
                break
        await gateway.http.delete(f"/transform/{job_id}?purge=true")
        rest = [line async for line in lines if line.startswith("data:")]
    assert '"cancelled"' in rest[-1]


async def test_other_backends_purge_too(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    async with client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        stub = TransformServiceStub(channel)
        await stub.Cancel(pb.CancelRequest(job_id=job_id, purge=True))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Get(pb.GetRequest(job_id=job_id))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert await _objects(gateway) == []


def _links(value: object) -> list[str]:
    """Every picture's address in an answer."""
    match value:
        case dict():
            return [link for one in value.values() for link in _links(one)]
        case list():
            return [link for one in value for link in _links(one)]
        case str() if "/files/" in value:
            return [value]
    return []
