"""Bodies that break a rule: each a problem that names the field, in bounded time, and the next request works."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest
import pytest_asyncio

from servicekit.storage import delete_all
from tests.fixtures.gateway import Gateway, StartGateway, photo

BOUNDARY = "b0undary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, *, filename: str = "") -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"--{BOUNDARY}\r\n{disposition}\r\n\r\n".encode() + content + b"\r\n"


def request_head(*headers: str) -> bytes:
    lines = (
        "POST /transform/submit HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {MULTIPART['Content-Type']}",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@pytest_asyncio.fixture(loop_scope="module")
async def emptied(shared_gateway: Gateway) -> Gateway:
    """One gateway for many tests, with nothing in its store."""
    await delete_all(shared_gateway.store, "jobs/")
    return shared_gateway


FILE = part("file", photo(), filename="room.jpg")
STYLE = part("style", b"modern")


async def post(gateway: Gateway, content: Any, headers: dict[str, str] = MULTIPART) -> httpx.Response:
    return await gateway.http.post("/transform/submit", content=content, headers=headers)


async def assert_problem(
    gateway: Gateway, answer: httpx.Response, *, status: int, code: str, field: str | None = None
) -> None:
    """The answer is this problem, nothing was kept, and the next request works."""
    shown = answer.json()
    assert (answer.status_code, shown["code"]) == (status, code), shown
    assert answer.headers["content-type"] == "application/problem+json"
    assert shown["success"] is False
    assert shown["status"] == status
    assert shown["type"] == f"{gateway.url}/errors/{code}"
    assert shown["title"]
    assert shown["detail"]
    assert isinstance(shown["retryable"], bool)
    assert shown.get("field") == field
    assert [key async for key in gateway.store.list("jobs/")] == []
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202


@pytest.mark.parametrize(
    ("content", "status", "code", "field"),
    [
        (body(STYLE), 422, "FIELD_MISSING", "file"),
        (body(FILE), 422, "FIELD_MISSING", "style"),
        (body(), 422, "FIELD_MISSING", "file"),
        (body(FILE, FILE, STYLE), 422, "DUPLICATE_FIELD", "file"),
        (body(FILE, STYLE, STYLE), 422, "DUPLICATE_FIELD", "style"),
        (body(FILE, STYLE, part("colour", b"red")), 422, "UNKNOWN_FIELD", "colour"),
        (body(FILE, STYLE, part("é" * 500, b"red")), 422, "UNKNOWN_FIELD", "é" * 64),
        (body(FILE, part("style", b"x" * 65)), 413, "UPLOAD_TOO_LARGE", "style"),
        (body(FILE, part("style", b"baroque")), 422, "UNKNOWN_STYLE", "style"),
        (body(FILE, part("style", b"")), 422, "UNKNOWN_STYLE", "style"),
        (body(FILE, part("style", b"\xff\xfe")), 422, "UNKNOWN_STYLE", "style"),
        (body(part("file", b""), STYLE), 422, "FILE_EMPTY", "file"),
        (body(part("file", b"hello", filename="room.jpg"), STYLE), 415, "IMAGE_UNSUPPORTED", "file"),
        (body(part("file", photo()[:400]), STYLE), 422, "IMAGE_UNREADABLE", "file"),
        (body(part("file", photo(100, 100)), STYLE), 422, "IMAGE_TOO_SMALL", "file"),
        (b"", 400, "MALFORMED_BODY", "body"),
        (b"nonsense", 400, "MALFORMED_BODY", "body"),
        (body(FILE, STYLE)[:-20], 400, "MALFORMED_BODY", "body"),
        (FILE, 400, "MALFORMED_BODY", "body"),
        (b"--" + BOUNDARY.encode() + b"\r\n\r\nno headers\r\n", 400, "MALFORMED_BODY", "body"),
        (b"--" + BOUNDARY.encode() + b"\r\n" + b"X: y\r\n" * 1000, 400, "MALFORMED_BODY", "body"),
        (b"--" + BOUNDARY.encode() + b"\r\nX: " + b"y" * 100_000, 400, "MALFORMED_BODY", "body"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_forms(emptied: Gateway, content: bytes, status: int, code: str, field: str) -> None:
    await assert_problem(emptied, await post(emptied, content), status=status, code=code, field=field)


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/mixed; boundary=x", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data", 400, "MALFORMED_BODY"),
        (f"multipart/form-data; boundary={'x' * 5000}", 400, "MALFORMED_BODY"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_content_types(emptied: Gateway, content_type: str, status: int, code: str) -> None:
    answer = await post(emptied, body(FILE, STYLE), {"Content-Type": content_type})
    await assert_problem(emptied, answer, status=status, code=code, field="Content-Type")


@pytest.mark.parametrize(
    ("text", "status", "code", "field"),
    [
        ("[", 400, "MALFORMED_JSON", "preferences"),
        ('{"sofas": 1}', 422, "UNKNOWN_FIELD", "preferences.sofas"),
        ('{"strength": NaN}', 422, "FIELD_INVALID", "preferences.strength"),
        ("x" * 20_000, 413, "UPLOAD_TOO_LARGE", "preferences"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_preferences_over_http(emptied: Gateway, text: str, status: int, code: str, field: str) -> None:
    answer = await post(emptied, body(FILE, STYLE, part("preferences", text.encode())))
    await assert_problem(emptied, answer, status=status, code=code, field=field)


@pytest.mark.asyncio(loop_scope="module")
async def test_parts_may_come_in_any_order_and_in_any_pieces(emptied: Gateway) -> None:
    whole = body(part("preferences", b"{}"), STYLE, FILE) + b"an epilogue"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]

    assert (await post(emptied, pieces())).status_code == 202


@pytest.mark.parametrize(
    "preamble",
    [
        b"This is a message with multiple parts in MIME format.\r\n",
        b"\r\n\r\n",
        f"--{BOUNDARY}x\r\n--{BOUNDARY} --{BOUNDARY}--\r\n".encode(),
        b"-\n" * 1000,
    ],
)
@pytest.mark.parametrize("size", [1, 13, 2**20])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_preamble_is_ignored(emptied: Gateway, preamble: bytes, size: int) -> None:
    whole = preamble + body(FILE, STYLE)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), size):
            yield whole[start : start + size]

    assert (await post(emptied, pieces())).status_code == 202


@pytest.mark.asyncio(loop_scope="module")
async def test_a_preamble_that_never_ends(emptied: Gateway) -> None:
    answer = await post(emptied, b"x" * 100_000 + b"\r\n" + body(FILE, STYLE))
    await assert_problem(emptied, answer, status=400, code="MALFORMED_BODY", field="body")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_boundary_inside_the_photo_is_not_one(emptied: Gateway) -> None:
    data = photo() + f"\r\n--{BOUNDARY}x\r\n--{BOUNDARY[:-1]}\r\n".encode()
    assert (await post(emptied, body(part("file", data), STYLE))).status_code == 202


@pytest.mark.parametrize("announced", [True, False], ids=["content-length", "chunked"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_photo_of_more_than_15_megabytes(emptied: Gateway, announced: bool) -> None:
    content = body(part("file", b"\xff\xd8\xff" + bytes(15 * 2**20)), STYLE)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 2**16):
            yield content[start : start + 2**16]

    answer = await post(emptied, content if announced else pieces())
    await assert_problem(emptied, answer, status=413, code="UPLOAD_TOO_LARGE", field="file")


async def test_a_body_that_never_ends(gateway: Gateway) -> None:
    """It is answered while the client still sends, memory stays bounded, and the connection ends."""
    before = psutil.Process().memory_info().rss
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
    writer.write(request_head("Transfer-Encoding: chunked"))
    first = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n'.encode()
    writer.write(b"%x\r\n%s\r\n" % (len(first), first))
    answering = asyncio.create_task(reader.read(4096))
    sent = 0
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with pytest.raises(ConnectionError):
        while sent < 2**30:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)
    answer = await answering
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"UPLOAD_TOO_LARGE" in answer
    assert sent < 120 * 2**20
    assert psutil.Process().memory_info().rss - before < 100 * 2**20
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202


@pytest.mark.parametrize("epilogue", [b"x", b"\r\n"])
async def test_an_epilogue_that_never_ends(gateway: Gateway, epilogue: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield body(FILE, STYLE)
        for _ in range(400):
            yield epilogue * 2**16

    answer = await post(gateway, endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "UPLOAD_TOO_LARGE")


async def test_a_body_that_does_not_arrive(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(upload_seconds=0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
    head = request_head("Content-Length: 1000")
    writer.write(head + b"--")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"UPLOAD_TIMEOUT" in answer
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202


async def test_a_client_that_leaves_while_it_sends(gateway: Gateway) -> None:
    for _ in range(5):
        _reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
        head = request_head("Content-Length: 100000")
        writer.write(head + FILE)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202


async def test_expect_continue_is_not_asked_to_go_on(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
    head = request_head("Content-Length: 99999999", "Expect: 100-continue")
    writer.write(head)
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_a_head_that_never_ends(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
    sent = 0
    with pytest.raises(ConnectionError):
        while sent < 100 * 2**20:
            writer.write(b"X: " + b"y" * 10_000 + b"\r\n")
            await writer.drain()
            sent += 10_005
    assert sent < 20 * 2**20
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202
    del reader


async def test_all_uploads_together_are_bounded(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(upload_memory_bytes=200_000)
    slow = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n'.encode() + bytes(150_000)
        await slow.wait()
        yield b"\r\n"

    holding = asyncio.create_task(post(gateway, waiting()))
    async with asyncio.timeout(10):
        while "modomo_upload_bytes 1500" not in (await gateway.http.get("/metrics")).text:  # noqa: ASYNC110 - from outside
            await asyncio.sleep(0.01)  # until the first upload holds its share
    refused = await post(gateway, body(part("file", bytes(100_000)), STYLE))
    assert (refused.status_code, refused.json()["code"]) == (503, "UPLOADS_BUSY")
    assert refused.headers["retry-after"] == "2"
    slow.set()
    await holding
    assert (await post(gateway, body(FILE, STYLE))).status_code == 202
