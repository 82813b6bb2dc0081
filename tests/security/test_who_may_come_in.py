"""Who may come in, over every transport of a real gateway: keys, scopes, and jobs that are somebody else's."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.api.auth import Scope
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1 import transform_service_pb2_grpc as pb_grpc
from servicekit.rpc import client
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.gateway import Gateway, StartGateway, photo

FORM: dict[str, Any] = {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"}}


@dataclass(frozen=True, kw_only=True)
class House:
    """A gateway that asks for keys, and people who have some."""

    gateway: Gateway
    tenant: KeyHolder
    other: KeyHolder
    admin: KeyHolder
    reader: KeyHolder
    """A key of the tenant's that may only read."""
    renewed: KeyHolder
    """Another key of the tenant's, beside the first."""

    async def submit(self, holder: KeyHolder | None = None, **headers: str) -> dict[str, Any]:
        """The body of a 202."""
        sent = (holder or self.tenant).headers | headers
        answer = await self.gateway.http.post("/transform/submit", **FORM, headers=sent)
        assert answer.status_code == 202, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
async def house(start_gateway: StartGateway) -> AsyncIterator[House]:
    people = {
        "tenant": key_holder("app"),
        "other": key_holder("other"),
        "admin": key_holder("ops", Scope.ADMIN),
        "reader": key_holder("app", Scope.READ),
        "renewed": key_holder("app"),
    }
    gateway = await start_gateway(api_keys=key_file(*people.values()))
    async with gateway.start_notifier():
        yield House(gateway=gateway, **people)


async def messages_of(connection: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """All messages, and the close code."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await connection.recv()))
    except ConnectionClosed:
        assert connection.close_code is not None
        return messages, connection.close_code


async def watch(url: str, **options: Any) -> tuple[list[dict[str, Any]], int]:
    async with connect(url, compression=None, **options) as connection:
        return await messages_of(connection)


async def test_without_a_key_only_what_is_for_everybody_answers(house: House) -> None:
    http = house.gateway.http
    job_id = (await house.submit())["job_id"]
    pages = ("/", "/docs", "/openapi.json", "/errors", "/errors/INTERNAL")
    for path in ("/health", "/health/live", "/health/ready", "/styles", "/materials", *pages):
        assert (await http.get(path)).status_code == 200, path
    document = (await http.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith(("/health", "/styles", "/materials", "/files", "/transform/shared")):
                assert operation["security"] == [], path
                continue
            url = path.replace("{job_id}", job_id)
            form = FORM if method == "post" else {}
            for headers in ({}, {"Authorization": "Bearer nonsense"}, {"X-API-Key": house.tenant.key[:-1] + "."}):
                answer = await http.request(method, url, headers=headers, **form)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["code"] in ("CREDENTIAL_MISSING", "KEY_INVALID")
            assert {"bearer": []} in operation["security"], path
            assert "401" in operation["responses"], path
    assert (await house.gateway.jobstore.jobs.get(job_id)).status == "queued"


async def test_either_header_is_good_and_both_are_not(house: House) -> None:
    http, path = house.gateway.http, f"/transform/status/{(await house.submit())['job_id']}"
    key = {"X-API-Key": house.tenant.key}
    assert (await http.get(path, headers=key)).status_code == 200
    assert (await http.get(path, headers=house.tenant.headers)).status_code == 200
    assert (await http.get(path, headers=house.tenant.headers | key)).json()["code"] == "CREDENTIAL_MALFORMED"


async def test_scopes_hold(house: House) -> None:
    http, job_id = house.gateway.http, (await house.submit())["job_id"]
    for method, path, form in (
        ("POST", "/transform/submit", FORM),
        ("POST", "/analyze", {"files": {"file": photo()}}),
        ("DELETE", f"/transform/{job_id}", {}),
        ("GET", "/metrics", {}),
    ):
        answer = await http.request(method, path, headers=house.reader.headers, **form)
        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING"), path
    assert (await http.get(f"/transform/status/{job_id}", headers=house.reader.headers)).status_code == 200
    assert (await http.get("/metrics", headers=house.admin.headers)).status_code == 200


async def test_metrics_may_be_public(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(api_keys=key_holder("app").toml, public_metrics=True)
    assert (await gateway.http.get("/metrics")).status_code == 200


async def test_to_others_a_job_does_not_exist(house: House) -> None:
    http = house.gateway.http
    job = await house.submit()
    job_id, url = job["job_id"], job["websocket_url"].rpartition("/")[0]
    missing = await http.get("/transform/status/00000000-0000-4000-8000-000000000000", headers=house.other.headers)
    for method, path in (
        ("GET", f"/transform/status/{job_id}"),
        ("GET", f"/transform/events/{job_id}"),
        ("DELETE", f"/transform/{job_id}"),
        ("DELETE", f"/transform/{job_id}?purge=true"),
    ):
        answer = await http.request(method, path, headers=house.other.headers)
        assert answer.status_code == 404
        assert answer.json() == missing.json(), "nothing tells a job of others from one that never was"
    assert await watch(url, additional_headers=house.other.headers) == ([], 4404)
    assert (await house.gateway.jobstore.jobs.get(job_id)).status == "queued"

    for holder in (house.tenant, house.renewed, house.admin):
        assert (await http.get(f"/transform/status/{job_id}", headers=holder.headers)).status_code == 200
    assert (await http.delete(f"/transform/{job_id}", headers=house.renewed.headers)).status_code == 200
    messages, code = await watch(url, additional_headers=house.tenant.headers)
    assert (messages[-1]["status"], code) == ("cancelled", 1000)


async def test_idempotency_keys_are_each_tenants_own(house: House) -> None:
    mine, others, again, renewed = [
        (await house.submit(holder, **{"Idempotency-Key": "same"}))["job_id"]
        for holder in (house.tenant, house.other, house.tenant, house.renewed)
    ]
    assert mine == again == renewed
    assert mine != others


async def test_a_ticket_opens_one_job_once(house: House) -> None:
    first, second = await house.submit(), await house.submit()
    for job_id in (first["job_id"], second["job_id"]):
        await house.gateway.jobstore.jobs.cancel(job_id, message="Your transformation was cancelled.")
    messages, code = await watch(first["websocket_url"])
    assert ([one["seq"] for one in messages], code) == ([1, 2], 1000)
    assert await watch(first["websocket_url"]) == ([], 4401)

    base, _, ticket = second["websocket_url"].rpartition("/")
    wrong_job = first["websocket_url"].rpartition("/")[0] + "/" + ticket
    expires, nonce, signature = ticket.split(".")
    for url in (
        base,
        wrong_job,
        f"{base}/{int(expires) + 1}.{nonce}.{signature}",
        f"{base}/{expires}.{'0' * 32}.{signature}",
        f"{base}/{ticket}x",
        f"{base}/..",
        f"{base}/{'9' * 5000}",
    ):
        assert await watch(url) == ([], 4401), url
    assert (await watch(second["websocket_url"]))[1] == 1000


async def test_of_many_who_use_a_ticket_at_once_one_gets_in(house: House) -> None:
    job = await house.submit()
    await house.gateway.jobstore.jobs.cancel(job["job_id"], message="Your transformation was cancelled.")
    codes = [code for _messages, code in await asyncio.gather(*(watch(job["websocket_url"]) for _ in range(10)))]
    assert sorted(codes) == [1000] + [4401] * 9


@pytest.mark.slow
async def test_a_ticket_is_good_for_a_short_while(start_gateway: StartGateway) -> None:
    holder = key_holder("app")
    gateway = await start_gateway(api_keys=holder.toml, ticket_seconds=5)
    async with gateway.start_notifier():
        answer = await gateway.http.post("/transform/submit", **FORM, headers=holder.headers)
        await asyncio.sleep(5.1)  # the ticket's life
        assert await watch(answer.json()["websocket_url"]) == ([], 4401)


async def test_a_client_comes_back_with_the_fresh_address_of_a_status(house: House) -> None:
    job = await house.submit()
    job_id, url, seen = job["job_id"], job["websocket_url"], 0
    async with connect(url) as connection:
        seen = json.loads(await connection.recv())["seq"]
    await house.gateway.jobstore.jobs.cancel(job_id, message="Your transformation was cancelled.")
    status = await house.gateway.http.get(f"/transform/status/{job_id}", headers=house.reader.headers)
    messages, code = await watch(f"{status.json()['data']['websocket_url']}?after={seen}")
    assert ([one["seq"] for one in messages], code) == ([2], 1000)


async def test_server_sent_events_by_ticket_or_by_key(house: House) -> None:
    http, job = house.gateway.http, await house.submit()
    await house.gateway.jobstore.jobs.cancel(job["job_id"], message="Your transformation was cancelled.")
    assert job["events_url"].startswith(house.gateway.url)
    by_ticket = await http.get(job["events_url"])
    assert (by_ticket.status_code, by_ticket.text.count("data:")) == (200, 2)
    assert (await http.get(job["events_url"])).json()["code"] == "TICKET_INVALID"
    by_key = await http.get(f"/transform/events/{job['job_id']}", headers=house.tenant.headers)
    assert by_key.text == by_ticket.text


async def test_pages_of_other_origins_open_no_socket(house: House, start_gateway: StartGateway) -> None:
    job = await house.submit()
    await house.gateway.jobstore.jobs.cancel(job["job_id"], message="Your transformation was cancelled.")
    url = job["websocket_url"].rpartition("/")[0]
    for origin in ("https://evil.example", "null", house.gateway.url.replace("http", "https"), house.gateway.url + "0"):
        with pytest.raises(InvalidStatus) as caught:
            await watch(url, additional_headers=house.tenant.headers | {"Origin": origin})
        assert caught.value.response.status_code == 403
    own = house.tenant.headers | {"Origin": house.gateway.url}
    assert (await watch(url, additional_headers=own))[1] == 1000

    allowing = await start_gateway(cors_origins=("https://app.example",))
    async with allowing.start_notifier():
        job_id = await allowing.submit(photo())
        await allowing.jobstore.jobs.cancel(job_id, message="Your transformation was cancelled.")
        there = f"{allowing.url.replace('http', 'ws')}/ws/transform/{job_id}"
        assert (await watch(there, additional_headers={"Origin": "https://app.example"}))[1] == 1000
        with pytest.raises(InvalidStatus):
            await watch(there, additional_headers={"Origin": "https://app.example.evil.example"})


async def test_the_grpc_transport_asks_as_well(house: House) -> None:
    job_id = (await house.submit())["job_id"]
    get, cancel, watching = (
        pb.GetRequest(job_id=job_id),
        pb.CancelRequest(job_id=job_id),
        pb.WatchRequest(job_id=job_id),
    )
    async with client.channel(f"127.0.0.1:{house.gateway.api.grpc_api.port}") as channel:
        stub: Any = pb_grpc.TransformServiceStub(channel)

        async def code(call: Any) -> grpc.StatusCode:
            try:
                if hasattr(call, "__aiter__"):
                    async for _response in call:
                        pass
                else:
                    await call
            except grpc.aio.AioRpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        def metadata(holder: KeyHolder) -> Any:
            return (("authorization", f"Bearer {holder.key}"),)

        submission = pb.SubmitRequest(image=photo(), style="modern")
        for call in (stub.Submit(submission), stub.Get(get), stub.Cancel(cancel), stub.Watch(watching)):
            assert await code(call) is grpc.StatusCode.UNAUTHENTICATED
        assert await code(stub.Get(get, metadata=(("x-api-key", "wrong"),))) is grpc.StatusCode.UNAUTHENTICATED
        reader, other = metadata(house.reader), metadata(house.other)
        for call in (stub.Submit(submission, metadata=reader), stub.Cancel(cancel, metadata=reader)):
            assert await code(call) is grpc.StatusCode.PERMISSION_DENIED
        for call in (
            stub.Get(get, metadata=other),
            stub.Cancel(cancel, metadata=other),
            stub.Watch(watching, metadata=other),
        ):
            assert await code(call) is grpc.StatusCode.NOT_FOUND
        for one in (metadata(house.tenant), reader, (("x-api-key", house.renewed.key),)):
            assert await code(stub.Get(get, metadata=one)) is grpc.StatusCode.OK
        assert await code(stub.Cancel(cancel, metadata=metadata(house.tenant))) is grpc.StatusCode.OK
        assert await code(stub.Watch(watching, metadata=reader)) is grpc.StatusCode.OK
        own = await stub.Submit(pb.SubmitRequest(image=photo(), style="modern", batch=True), metadata=other)
        waiting = await stub.Submit(submission, metadata=metadata(house.tenant))
        places = [(await house.gateway.jobstore.jobs.get(one.job_id)).queue_position for one in (waiting, own)]
        assert places == [1, 2], "a batch waits, although it came first"
        assert await code(stub.Get(pb.GetRequest(job_id=own.job_id), metadata=reader)) is grpc.StatusCode.NOT_FOUND
