"""Purging and webhooks where callers have keys: each tenant's own, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.api.auth import Scope
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.webhook_receivers import Receiver, status


@dataclass(frozen=True, kw_only=True)
class House:
    """A gateway that asks for keys and sends webhooks, and people who have keys."""

    gateway: Gateway
    anna: KeyHolder
    bert: KeyHolder
    admin: KeyHolder
    reader: KeyHolder

    async def submit(self, holder: KeyHolder, url: str = "") -> httpx.Response:
        form = {"style": "modern"} | ({"webhook_url": url} if url else {})
        files = {"file": ("room.jpg", photo())}
        return await self.gateway.http.post("/transform/submit", files=files, data=form, headers=holder.headers)

    async def delete(self, holder: KeyHolder, job_id: str, *, purge: bool = True) -> int:
        path = f"/transform/{job_id}" + ("?purge=true" if purge else "")
        return (await self.gateway.http.delete(path, headers=holder.headers)).status_code

    async def secret(self, holder: KeyHolder) -> str:
        answer = await self.gateway.http.get("/webhooks/secrets", headers=holder.headers)
        return str(answer.json()["secrets"][-1])


@pytest.fixture
async def house(start_gateway: StartGateway) -> AsyncIterator[House]:
    people = {
        "anna": key_holder("anna"),
        "bert": key_holder("bert"),
        "admin": key_holder("ops", Scope.ADMIN),
        "reader": key_holder("anna", Scope.READ),
    }
    gateway = await start_gateway(
        api_keys=key_file(*people.values()),
        webhook_secrets=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
        webhook_networks=("127.0.0.0/8", "::1/128"),
    )
    async with gateway.start_notifier():
        yield House(gateway=gateway, **people)


async def test_only_its_tenant_deletes_a_job(house: House) -> None:
    job_id = (await house.submit(house.anna)).json()["job_id"]
    assert await house.delete(house.bert, job_id) == 404
    assert (await house.gateway.http.delete(f"/transform/{job_id}?purge=true")).status_code == 401
    assert [key async for key in house.gateway.store.list("jobs/")], "it is still there"
    assert await house.delete(house.anna, job_id) == 200
    assert [key async for key in house.gateway.store.list("")] == []
    other = (await house.submit(house.bert)).json()["job_id"]
    assert await house.delete(house.admin, other) == 200


async def test_each_tenants_receiver_believes_its_own_webhooks_alone(house: House, receiver: Receiver) -> None:
    secrets = {"anna": await house.secret(house.anna), "bert": await house.secret(house.bert)}
    assert secrets["anna"] != secrets["bert"]
    job_id = (await house.submit(house.anna, receiver.url)).json()["job_id"]
    assert await house.delete(house.anna, job_id, purge=False) == 200
    (request,) = await receiver.heard()
    assert Webhook(secrets["anna"]).verify(request.body, request.headers)["data"]["job_id"] == job_id
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets["bert"]).verify(request.body, request.headers)


async def test_a_key_that_may_only_read_sees_no_secret(house: House) -> None:
    for headers, expected in (({}, 401), (house.reader.headers, 403), (house.anna.headers, 200)):
        answer = await house.gateway.http.get("/webhooks/secrets", headers=headers)
        assert answer.status_code == expected


async def test_an_endpoint_that_is_gone_for_one_is_not_for_another(house: House, receiver: Receiver) -> None:
    receiver.replies = [status(410), status(200)]
    job_id = (await house.submit(house.bert, receiver.url)).json()["job_id"]
    await house.delete(house.bert, job_id, purge=False)
    await receiver.heard(1)
    async with asyncio.timeout(30):
        while (refused := await house.submit(house.bert, receiver.url)).status_code == 202:  # noqa: ASYNC110 - as an app would
            await asyncio.sleep(1)  # the notifier writes it down in its own time; a submission costs units
    assert (refused.status_code, refused.json()["code"]) == (422, "WEBHOOK_GONE")
    assert (await house.submit(house.anna, receiver.url)).status_code == 202
