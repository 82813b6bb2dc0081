"""Attacks on one HTTP connection: what is sent beside bodies is bounded, and believed by nobody."""

import asyncio

import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest

from tests.fixtures.api_keys import key_file, key_holder
from tests.fixtures.gateway import Gateway, StartGateway

CHUNKED = b"GET %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 2**20


async def connect(gateway: Gateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", gateway.api.server.port)


def resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


async def sent_before_the_end(writer: asyncio.StreamWriter, piece: bytes, *, most: int) -> int:
    """How many bytes a client gets rid of before the connection ends."""
    sent = 0
    try:
        while sent < most:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize(
    "piece",
    [b"X-Trailer: " + b"y" * 1000 + b"\r\n", b"x" * 10_000],
    ids=["many trailers", "one trailer without an end"],
)
@pytest.mark.parametrize("begun", [b"0\r\n", b"5\r\nhello\r\n0\r\n"], ids=["no body", "a body"])
async def test_trailers_end_with_the_connection(gateway: Gateway, begun: bytes, piece: bytes) -> None:
    before = resident_bytes()
    _reader, writer = await connect(gateway)
    writer.write(CHUNKED % b"/health/live" + begun + (b"" if piece.endswith(b"\n") else b"X-Trailer: "))
    sent = await sent_before_the_end(writer, piece, most=100 * MEGABYTE)
    assert sent < 20 * MEGABYTE
    assert resident_bytes() - before < 30 * MEGABYTE
    assert (await gateway.http.get("/health/live")).status_code == 200
    writer.close()


async def test_an_endless_chunk_extension_ends_with_the_connection(gateway: Gateway) -> None:
    _reader, writer = await connect(gateway)
    writer.write(CHUNKED % b"/health/live" + b"5;extension=")
    assert await sent_before_the_end(writer, b"x" * 10_000, most=100 * MEGABYTE) < 20 * MEGABYTE
    writer.close()


async def test_small_trailers_are_harmless_and_a_body_in_small_chunks_is_taken(gateway: Gateway) -> None:
    reader, writer = await connect(gateway)
    chunks = b"1\r\nx\r\n" * 100_000
    writer.write(CHUNKED % b"/health/live" + chunks + b"0\r\nX-Checksum: 1\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_key_in_a_trailer_lets_nobody_in(start_gateway: StartGateway) -> None:
    holder = key_holder("app")
    gateway = await start_gateway(api_keys=key_file(holder))
    authorization = f"Authorization: {holder.headers['Authorization']}\r\n".encode()
    for trailer, status in ((authorization, b"401"), (b"", b"401")):
        reader, writer = await connect(gateway)
        writer.write(CHUNKED % b"/webhooks/secrets" + b"0\r\n")
        await writer.drain()
        writer.write(trailer + b"\r\n")
        assert (await reader.readline()).split()[1] == status
        writer.close()


async def test_a_request_id_in_a_trailer_is_not_believed(gateway: Gateway) -> None:
    reader, writer = await connect(gateway)
    writer.write(CHUNKED % b"/health/live" + b"0\r\nX-Request-ID: from-a-trailer\r\nX-Forwarded-Proto: https\r\n\r\n")
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"from-a-trailer" not in answer
    writer.close()


async def test_a_few_pipelined_requests_are_answered_in_their_order(gateway: Gateway) -> None:
    reader, writer = await connect(gateway)
    paths = [b"/health/live", b"/nowhere"] * 4
    writer.write(b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in paths))
    answers = []
    for _ in paths:
        head = await reader.readuntil(b"\r\n\r\n")
        answers.append(head.split()[1])
        length = next(
            line.partition(b": ")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(int(length))
    assert answers == [b"200", b"404"] * 4
    writer.close()


async def test_many_pipelined_requests_end_the_connection_and_hold_nobody_up(gateway: Gateway) -> None:
    flood = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1500
    before, connections = resident_bytes(), [await connect(gateway) for _ in range(30)]
    for _, writer in connections:
        writer.write(flood)
    async with asyncio.timeout(5):
        assert (await gateway.http.get("/health/live")).status_code == 200
    for reader, writer in connections:
        answer = await reader.read()
        assert b"HTTP/1.1 400" in answer
        assert answer.count(b"HTTP/1.1") <= 10
        writer.close()
    assert resident_bytes() - before < 40 * MEGABYTE
