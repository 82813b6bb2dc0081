"""Attacks by `image_url`: the gateway is to fetch something inside, too much of it, too slowly, or again and again."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
import trustme

from gateway.api.uploads.budget import UploadBudget
from gateway.api.uploads.fetch import MAX_REDIRECTS, PhotoFetcher
from servicekit.errors import InvalidArgument
from servicekit.webhooks.ssrf import AddressPolicy
from tests.fixtures.attack_figures import Measure
from tests.fixtures.gateway import Gateway, StartGateway, photo

Reply: TypeAlias = Callable[[asyncio.StreamWriter, str], Awaitable[None]]
LOCAL = ("127.0.0.0/8",)
REFUSED = [
    "http://example.com/room.jpg",
    "https://127.0.0.1/room.jpg",
    "https://localhost/room.jpg",
    "https://[::1]/room.jpg",
    "https://[::ffff:10.0.0.1]/",
    "https://10.0.0.1/room.jpg",
    "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://user:secret@example.com/",
    "file:///etc/passwd",
    "ftp://example.com/a.jpg",
    "gopher://example.com/",
    "https://",
    "room.jpg",
    "https://exa mple.com/",
    "https://example.com/\r\nHost: inside",
]


class Host:
    """A server of pictures, and what it was asked for."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[str] = []
        self.port = 0

    def url(self, path: str = "/room.jpg", *, name: str = "localhost", scheme: str = "http") -> str:
        return f"{scheme}://{name}:{self.port}{path}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            await self.reply(writer, head.split(" ")[1])
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def hosting(reply: Reply, context: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    host = Host(reply)
    server = await asyncio.start_server(host.accept, "127.0.0.1", 0, ssl=context)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


def answering(body: bytes, *, status: str = "200 OK", headers: str = "") -> Reply:
    async def reply(writer: asyncio.StreamWriter, _path: str) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return reply


def redirecting(to: str) -> Reply:
    return answering(b"", status="302 Found", headers=f"Location: {to}\r\n")


async def submit(gateway: Gateway, url: str) -> Any:
    parts = {"style": (None, "modern"), "image_url": (None, url)}
    return await gateway.http.post("/transform/submit", files=parts)


async def test_a_photo_is_fetched_as_if_it_were_sent(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL)
    async with hosting(answering(photo(640, 480))) as host, hosting(redirecting(host.url("/a.jpg"))) as other:
        first, second = await submit(gateway, host.url()), await submit(gateway, other.url())
        assert (first.status_code, second.status_code) == (202, 202)
        for job in (first, second):
            stored = await gateway.store.get(f"jobs/{job.json()['job_id']}/original.jpg")
            assert stored.startswith(b"\xff\xd8")
        sent = host.asked[0].lower()
        assert "cookie" not in sent
        assert "authorization" not in sent
        assert "accept-encoding: identity" in sent
    claim = await gateway.jobstore.queue.claim()
    assert '"width":640' in claim.job.payload


async def test_what_is_not_public_https_is_refused(gateway: Gateway) -> None:
    for url in REFUSED:
        answer = await submit(gateway, url)
        assert answer.status_code == 422, url
        assert (answer.json()["code"], answer.json()["field"]) == ("IMAGE_URL_REFUSED", "image_url")
        assert "127.0.0.1" not in answer.json()["detail"]
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0


async def test_a_redirect_leads_nowhere_that_an_address_may_not(
    start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, {"rebound.example": "10.0.0.1"})
    gateway = await start_gateway(image_url_networks=LOCAL)
    for inside in ("https://10.0.0.1/", "https://[::1]/", "file:///etc/passwd", "https://rebound.example/"):
        async with hosting(redirecting(inside)) as host:
            answer = await submit(gateway, host.url())
            assert (answer.status_code, answer.json()["code"]) == (422, "IMAGE_URL_REFUSED"), inside
            assert len(host.asked) == 1


async def test_a_name_that_leads_inside_is_refused_and_looked_up_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = names(monkeypatch, {"rebound.example": "192.168.1.1"})
    answer = await submit(gateway, "https://rebound.example/room.jpg")
    assert (answer.status_code, answer.json()["code"]) == (422, "IMAGE_URL_REFUSED")
    assert asked == ["rebound.example"]


async def test_redirects_without_end_are_followed_a_few_times(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL)
    async with hosting(redirecting("/again")) as host:
        answer = await submit(gateway, host.url())
        assert (answer.status_code, answer.json()["code"]) == (422, "IMAGE_URL_UNREACHABLE")
        assert len(host.asked) == MAX_REDIRECTS + 1


async def endless(writer: asyncio.StreamWriter, _path: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize(
    "reply",
    [endless, answering(b"x", headers="Content-Length: 99999999999\r\nX-Other: "), answering(b"x" * (2**21 + 1))],
)
async def test_too_much_is_not_read_to_its_end(start_gateway: StartGateway, measure: Measure, reply: Reply) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL, max_file_bytes=2**21)
    async with hosting(reply) as host:
        start = time.monotonic()
        answer = await submit(gateway, host.url())
        measure("seconds until a body without end is refused", time.monotonic() - start, 5)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (413, "UPLOAD_TOO_LARGE", "image_url")


async def drip(writer: asyncio.StreamWriter, _path: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"\xff")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(_writer: asyncio.StreamWriter, _path: str) -> None:
    await asyncio.sleep(30)


@pytest.mark.parametrize("reply", [drip, silence])
async def test_a_slow_server_has_the_time_that_is_set(
    start_gateway: StartGateway, measure: Measure, reply: Reply
) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL, image_url_seconds=0.4)
    async with hosting(reply) as host:
        start = time.monotonic()
        answer = await submit(gateway, host.url())
        measure("seconds until a slow server is given up", time.monotonic() - start, 3)
    assert (answer.status_code, answer.json()["code"]) == (422, "IMAGE_URL_UNREACHABLE")


async def test_what_is_no_picture_is_refused(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL)
    for reply, code in (
        (answering(b"", status="404 Not Found"), "IMAGE_URL_UNREACHABLE"),
        (answering(b"", status="204 No Content"), "IMAGE_URL_UNREACHABLE"),
        (answering(b"<svg onload=alert(1)>"), "IMAGE_UNSUPPORTED"),
        (answering(b""), "FILE_EMPTY"),
    ):
        async with hosting(reply) as host:
            assert (await submit(gateway, host.url())).json()["code"] == code


async def test_nobody_is_asked_for_the_photo_of_a_request_that_is_wrong(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(image_url_networks=LOCAL)
    async with hosting(answering(photo())) as host:
        parts = {"style": (None, "baroque"), "image_url": (None, host.url())}
        assert (await gateway.http.post("/transform/submit", files=parts)).json()["code"] == "UNKNOWN_STYLE"
        both: dict[str, Any] = {"style": (None, "modern"), "image_url": (None, host.url()), "file": ("a.jpg", photo())}
        answer = await gateway.http.post("/transform/submit", files=both)
        assert (answer.json()["code"], answer.json()["field"]) == ("FIELD_INVALID", "image_url")
        assert host.asked == []


async def test_a_server_that_fetches_nothing_says_so(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(image_url_seconds=0)
    answer = await submit(gateway, "https://example.com/room.jpg")
    assert (answer.status_code, answer.json()["code"]) == (422, "IMAGE_URL_REFUSED")


async def test_the_name_is_kept_for_tls(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("rooms.example").configure_cert(context)
    names(monkeypatch, {"rooms.example": "127.0.0.1"})
    fetcher = PhotoFetcher(AddressPolicy(LOCAL), seconds=5, max_bytes=100)
    async with hosting(answering(b"picture"), context) as host:
        url = host.url(name="rooms.example", scheme="https")
        with UploadBudget(1000, gauge=None).share("anna") as share:
            with pytest.raises(InvalidArgument) as caught:
                await fetcher.fetch(url, tenant="anna", share=share)
            assert caught.value.reason == "IMAGE_URL_UNREACHABLE", "nobody has signed that certificate"
            authority.configure_trust(fetcher._trust)
            assert await fetcher.fetch(url, tenant="anna", share=share) == b"picture"
        assert f"host: rooms.example:{host.port}" in host.asked[0].lower()


def names(monkeypatch: pytest.MonkeyPatch, leading: dict[str, str]) -> list[str]:
    """Lets names lead to addresses; returns those that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in leading:
            asked.append(name)
        return real(leading.get(name, host), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
