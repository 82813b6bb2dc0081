"""Attacks by a page that a browser shows on the gateway's machine: without keys, only that machine is believed."""

from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.fixtures.api_keys import key_holder
from tests.fixtures.gateway import Gateway, StartGateway, photo

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FORM: dict[str, Any] = {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"}}


async def handshake(gateway: Gateway, job_id: str, **headers: str) -> int:
    """Status of a WebSocket's handshake."""
    sent = {name.replace("_", "-"): value for name, value in headers.items() if name != "host"}
    name, port = headers.get("host", "127.0.0.1"), gateway.api.server.port
    url = f"ws://{name}:{port}/ws/transform/{job_id}"
    try:
        async with connect(url, host="127.0.0.1", port=port, additional_headers=sent) as socket:
            await socket.recv()
    except InvalidStatus as error:
        return error.response.status_code
    except ConnectionClosed:
        pass
    return 101


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "10.0.0.1", "[::2]", "x y"]
)
async def test_a_name_that_leads_here_is_answered_nothing(start_gateway: StartGateway, host: str) -> None:
    gateway = await start_gateway(webhook_secrets=(SECRET,))
    for path in ("/webhooks/secrets", "/health", "/metrics", "/"):
        answer = await gateway.http.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "HOST_REFUSED"), path
    assert (await gateway.http.post("/transform/submit", **FORM, headers={"Host": host})).status_code == 421


async def test_a_name_that_leads_here_opens_no_socket(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    evil = {"host": "evil.example", "Origin": f"http://evil.example:{gateway.api.server.port}"}
    assert await handshake(gateway, job_id, **evil) == 403
    assert await handshake(gateway, job_id, Sec_Fetch_Site="cross-site") == 403
    assert await handshake(gateway, job_id) == 101
    assert await handshake(gateway, job_id, Origin=gateway.url, Sec_Fetch_Site="same-origin") == 101


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "app.localhost:8000", "127.0.0.2", "[::1]:8000", "LOCALHOST"]
)
async def test_names_of_this_machine_are_answered(gateway: Gateway, host: str) -> None:
    assert (await gateway.http.get("/health", headers={"Host": host})).status_code == 200


async def test_a_page_speaks_for_no_proxy(gateway: Gateway) -> None:
    """One whose name leads here may send any header, and comes from an address that is trusted as a proxy's."""
    forged = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert (await gateway.http.get("/health", headers=forged)).status_code == 421
    forwarded = {"Host": "localhost", "X-Forwarded-Host": "editor.example"}
    assert (await gateway.http.get("/health", headers=forwarded)).status_code == 200


async def test_a_form_of_another_site_makes_no_job(gateway: Gateway) -> None:
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ]
    for headers in foreign:
        answer = await gateway.http.post("/transform/submit", **FORM, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "ORIGIN_REFUSED"), headers
        assert (await gateway.http.post("/analyze", files=FORM["files"], headers=headers)).status_code == 403
        answer = await gateway.http.delete(f"/transform/{'0' * 8}-0000-4000-8000-{'0' * 12}", headers=headers)
        assert answer.status_code == 403
        assert (await gateway.http.get("/health", headers=headers)).status_code == 200, (
            "reading is the browser's to guard"
        )
    assert [key async for key in gateway.store.list("jobs/")] == []
    own = [
        {},
        {"Origin": gateway.url},
        {"Origin": gateway.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ]
    for headers in own:
        assert (await gateway.http.post("/transform/submit", **FORM, headers=headers)).status_code == 202


async def test_whom_the_settings_name_is_believed(start_gateway: StartGateway) -> None:
    public = await start_gateway(public_url="https://rooms.example/", cors_origins=("https://app.example",))
    assert (await public.http.get("/health", headers={"Host": "rooms.example"})).status_code == 200
    assert (await public.http.get("/health", headers={"Host": "other.example"})).status_code == 421
    for origin, status in (("https://app.example", 202), ("https://rooms.example", 202), ("https://evil.example", 403)):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert (await public.http.post("/transform/submit", **FORM, headers=headers)).status_code == status

    insecure = await start_gateway(auth="insecure")
    assert (await insecure.http.get("/health", headers={"Host": "rooms.example"})).status_code == 200
    headers = {"Host": "rooms.example", "Origin": "https://evil.example"}
    assert (await insecure.http.post("/transform/submit", **FORM, headers=headers)).status_code == 403


async def test_where_keys_are_asked_for_any_name_will_do(start_gateway: StartGateway) -> None:
    holder = key_holder("app")
    gateway = await start_gateway(api_keys=holder.toml)
    headers = holder.headers | {"Host": "rooms.example", "Origin": "https://evil.example"}
    assert (await gateway.http.post("/transform/submit", **FORM, headers=headers)).status_code == 202


async def test_nobody_is_told_the_secret_that_all_others_are_made_of(start_gateway: StartGateway) -> None:
    holder = key_holder("app")
    for changes in ({}, {"api_keys": holder.toml}):
        gateway = await start_gateway(webhook_secrets=(SECRET,), **changes)
        answer = await gateway.http.get("/webhooks/secrets", headers=holder.headers)
        assert len(answer.json()["secrets"]) == 1
        assert SECRET not in answer.text
