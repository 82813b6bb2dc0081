"""`webhook_url` at submit, from the form to the receiver, and the secrets that its receiver checks with."""

from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from gateway.api.settings import ApiSettings
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceStub
from servicekit.rpc import client
from servicekit.webhooks import tenant_secret
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.webhook_receivers import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ON = {"webhook_secrets": (SECRET,), "webhook_networks": ("127.0.0.0/8", "::1/128")}


async def _submit(gateway: Gateway, url: str, **form: str) -> dict[str, Any]:
    data = {"style": "modern", "webhook_url": url, **form}
    answer = await gateway.http.post("/transform/submit", files={"file": ("room.jpg", photo())}, data=data)
    said: dict[str, Any] = answer.json()
    return said


async def test_a_receiver_is_told_of_the_ending_over_either_transport(
    start_gateway: StartGateway, receiver: Receiver
) -> None:
    gateway = await start_gateway(**ON)
    async with gateway.start_notifier(), client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        over_http = (await _submit(gateway, receiver.url))["job_id"]
        request = pb.SubmitRequest(image=photo(), style="modern", webhook_url=receiver.url)
        over_grpc = (await TransformServiceStub(channel).Submit(request)).job_id
        for job_id in (over_http, over_grpc):
            await gateway.http.delete(f"/transform/{job_id}")
        requests = await receiver.heard(2)
        secrets = (await gateway.http.get("/webhooks/secrets")).json()["secrets"]
    assert secrets == [tenant_secret(SECRET, "")]
    told = [Webhook(secrets[-1]).verify(one.body, one.headers) for one in requests]
    assert {one["data"]["job_id"] for one in told} == {over_http, over_grpc}


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/",
        "https://localhost@receiver.example/",
        "https://10.0.0.1/",
        "https://2130706433/",
        "nonsense",
        "https://[::1",
    ],
)
async def test_a_receiver_that_must_not_be_called_is_refused_by_name(start_gateway: StartGateway, url: str) -> None:
    gateway = await start_gateway(webhook_secrets=(SECRET,))
    answer = await _submit(gateway, url)
    assert (answer["status"], answer["code"], answer["field"]) == (422, "WEBHOOK_URL_REFUSED", "webhook_url")
    assert [key async for key in gateway.store.list("jobs/")] == []


async def test_without_secrets_there_are_no_webhooks(gateway: Gateway) -> None:
    answer = await _submit(gateway, "https://receiver.example/")
    assert (answer["status"], answer["code"], answer["field"]) == (422, "WEBHOOKS_OFF", "webhook_url")
    assert (await gateway.http.get("/webhooks/secrets")).json()["secrets"] == []


async def test_another_receiver_is_another_request(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(webhook_secrets=(SECRET,))
    key = {"Idempotency-Key": "one"}
    form = {"style": "modern", "webhook_url": "https://receiver.example/a"}
    files = {"file": ("room.jpg", photo())}
    first = await gateway.http.post("/transform/submit", files=files, data=form, headers=key)
    again = await gateway.http.post("/transform/submit", files=files, data=form, headers=key)
    other = await gateway.http.post(
        "/transform/submit", files=files, data=form | {"webhook_url": "https://b.example/"}, headers=key
    )
    assert first.json()["job_id"] == again.json()["job_id"]
    assert other.status_code == 409


def test_each_tenant_has_a_secret_of_its_own() -> None:
    secrets = {tenant_secret(SECRET, tenant) for tenant in ("", "key:anna", "key:bert", "jwt:anna")}
    assert len(secrets) == 4
    assert SECRET not in secrets
    for secret in secrets:
        Webhook(secret)


@pytest.mark.parametrize(
    "changes", [{"url_seconds": 901}, {"webhook_secrets": ("nonsense",)}, {"webhook_networks": ("nonsense",)}]
)
def test_settings_that_would_weaken_it_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"url_seconds|MODOMO_WEBHOOK_"):
        ApiSettings(**changes)  # type: ignore[arg-type]  # of the right types, each
