"""Addresses that are handed out behind a proxy: its host and its path, where it is trusted."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.api.http.middleware.forwarded import ForwardedHeaders
from gateway.api.trusted_proxies import TrustedProxies
from tests.fixtures.gateway import Gateway, StartGateway, photo

PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example:8443", "X-Forwarded-Prefix": "/modomo"}
OUTSIDE = "https://app.example:8443/modomo"


async def addresses(gateway: Gateway, headers: dict[str, str]) -> list[str]:
    """Every address in every answer about one job."""
    form: dict[str, Any] = {"files": {"file": photo()}, "data": {"style": "modern"}}
    submitted = (await gateway.http.post("/transform/submit", **form, headers=headers)).json()
    await gateway.complete(await gateway.jobstore.queue.claim())
    paths = (f"/transform/{kind}/{submitted['job_id']}" for kind in ("status", "events"))
    status, events = [(await gateway.http.get(path, headers=headers)).text for path in paths]
    last = json.loads(events.strip().rpartition("data: ")[2])
    document = (await gateway.http.get("/openapi.json", headers=headers)).json()
    return [*_strings(submitted), *_strings(json.loads(status)), *_strings(last), *_strings(document["servers"])]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if "://" in value else []
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for one in values for found in _strings(one)]


async def test_every_address_begins_where_the_proxy_says(gateway: Gateway) -> None:
    found = await addresses(gateway, PROXY)
    assert len(found) == 3 + 8 + 2 + 8 + 1
    for address in found:
        assert address.startswith((f"{OUTSIDE}/", f"{OUTSIDE.replace('https', 'wss')}/ws/")) or address == OUTSIDE


async def test_others_are_not_believed(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(trusted_proxies="192.0.2.1")
    async with gateway.start_notifier():
        found = await addresses(gateway, PROXY)
    assert all(address.startswith((gateway.url, gateway.url.replace("http", "ws"))) for address in found)


async def test_a_setting_comes_before_the_proxy(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(public_url="https://public.example/rooms/")
    document = (await gateway.http.get("/openapi.json", headers=PROXY)).json()
    assert document["servers"] == [{"url": "https://public.example/rooms"}]


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ([("X-Forwarded-Prefix", "/a/b/")], "{}/a/b"),
        ([("X-Forwarded-Prefix", "/")], "{}"),
        ([("X-Forwarded-Prefix", "")], "{}"),
        ([("X-Forwarded-Prefix", "a")], "{}"),
        ([("X-Forwarded-Prefix", "//evil.example")], "{}"),
        ([("X-Forwarded-Prefix", "/a/../b")], "{}"),
        ([("X-Forwarded-Prefix", '/"><script>')], "{}"),
        ([("X-Forwarded-Prefix", "/a" * 1000)], "{}"),
        ([("X-Forwarded-Prefix", "/of-the-client"), ("X-Forwarded-Prefix", "/a")], "{}/a"),
        ([("X-Forwarded-Host", "app.example")], "http://app.example"),
        ([("X-Forwarded-Host", "of-the-client.example, app.example")], "http://app.example"),
        ([("X-Forwarded-Host", "[2001:db8::1]:8443")], "http://[2001:db8::1]:8443"),
        ([("X-Forwarded-Host", "app.example/path")], "{}"),
        ([("X-Forwarded-Host", 'x"><script>')], "{}"),
    ],
)
async def test_what_counts(gateway: Gateway, headers: list[tuple[str, str]], base: str) -> None:
    document = (await gateway.http.get("/openapi.json", headers=headers)).json()
    assert document["servers"] == [{"url": base.format(gateway.url)}]


async def test_the_requests_own_host_stays() -> None:
    passed_on: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed_on.extend(scope["headers"])

    headers = [(b"host", b"evil.example"), (b"x-forwarded-host", b"localhost")]
    scope: dict[str, Any] = {"type": "http", "scheme": "http", "client": ("127.0.0.1", 1), "headers": headers}
    unused: Any = None
    await ForwardedHeaders(app, TrustedProxies("127.0.0.1"))(scope, unused, unused)
    assert passed_on == headers
    assert scope["state"] == {"forwarded_host": "localhost"}


async def test_pages_of_the_proxys_host_may_open_sockets(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    url = f"{gateway.url.replace('http', 'ws')}/ws/transform/{job_id}"
    own = {"Origin": "https://app.example:8443"}
    async with connect(url, additional_headers=PROXY | own) as socket:
        assert json.loads(await socket.recv())["status"] == "queued"
    for headers in (own, PROXY | {"Origin": gateway.url}):
        with pytest.raises(InvalidStatus):
            await connect(url, additional_headers=headers)
