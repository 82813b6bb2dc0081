"""What is particular to the S3 store: presigned links, pages, and servers that fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from servicekit.errors import Unavailable
from servicekit.storage.s3 import S3Store
from servicekit.storage.settings import StorageSettings, open_store


async def test_s3_link_shows_the_object_with_its_type(s3_settings: StorageSettings) -> None:
    store = open_store(s3_settings)
    await store.put("jobs/1/a.jpg", b"photo", content_type="image/jpeg")
    url = await store.url("jobs/1/a.jpg", expires_seconds=60)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"photo", "image/jpeg")
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]
    saving = await store.url("jobs/1/a.jpg", expires_seconds=60, filename="modomo-boho.jpg")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(saving)
    assert (answer.content, answer.headers["content-disposition"]) == (
        b"photo",
        'attachment; filename="modomo-boho.jpg"',
    )
    with pytest.raises(ValueError, match="not a file name"):
        await store.url("jobs/1/a.jpg", expires_seconds=60, filename='a"; b.jpg')
    await store.close()


async def test_s3_bucket_that_is_not_there(s3_endpoint: str) -> None:
    store = S3Store(
        "no-such-bucket", endpoint=s3_endpoint, region="us-east-1", access_key_id="a", secret_access_key="b"
    )
    with pytest.raises(Unavailable):
        await store.check()
    with pytest.raises(Unavailable):
        await store.get("a.jpg")
    await store.close()


async def test_s3_server_that_is_not_there(unused_tcp_port: int) -> None:
    store = S3Store(
        "bucket",
        endpoint=f"http://127.0.0.1:{unused_tcp_port}",
        region="us-east-1",
        access_key_id="a",
        secret_access_key="b",
        attempts=2,
    )
    for call in (store.check(), store.get("a.jpg"), store.put("a.jpg", b"x", content_type="image/jpeg")):
        with pytest.raises(Unavailable) as caught:
            await call
        assert "127.0.0.1" not in caught.value.message
    await store.close()


async def test_an_s3_server_that_never_answers_is_given_up(unused_tcp_port: int) -> None:
    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    endpoint = f"http://127.0.0.1:{unused_tcp_port}"
    store = S3Store("bucket", endpoint=endpoint, access_key_id="a", secret_access_key="b", total_seconds=0.5)
    server = await asyncio.start_server(hang, "127.0.0.1", unused_tcp_port)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(store.put("a.jpg", b"x", content_type="image/jpeg"), 8)
    await store.close()
    server.close()


@asynccontextmanager
async def _answering(answers: list[bytes]) -> AsyncIterator[str]:
    """A server that gives each of the answers once, one a connection, and then no more."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert not left, "not all answers were asked for"


def _answer(status: str, body: bytes, *, length: int | None = None) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def test_s3_lists_beyond_one_page() -> None:
    first, second = (
        f"<ListBucketResult><IsTruncated>{more}</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
        f"<Contents><Key>a/{name}.jpg</Key></Contents></ListBucketResult>".encode()
        for name, more in (("one", "true"), ("two", "false"))
    )
    async with _answering([_answer("200 OK", first), _answer("200 OK", second)]) as endpoint:
        store = S3Store("bucket", endpoint=endpoint, region="r", access_key_id="a", secret_access_key="b")
        assert [key async for key in store.list("a/")] == ["a/one.jpg", "a/two.jpg"]
        await store.close()


async def test_s3_repeats_what_fails_for_a_moment() -> None:
    busy = _answer("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")
    async with _answering([busy, busy, _answer("200 OK", b"photo")]) as endpoint:
        store = S3Store("bucket", endpoint=endpoint, region="r", access_key_id="a", secret_access_key="b")
        assert await store.get("a.jpg") == b"photo"
        await store.close()


async def test_s3_answer_that_breaks_off_is_asked_for_again() -> None:
    async with _answering([_answer("200 OK", b"pho", length=5), _answer("200 OK", b"photo")]) as endpoint:
        store = S3Store("bucket", endpoint=endpoint, region="r", access_key_id="a", secret_access_key="b")
        assert await store.get("a.jpg") == b"photo"
        await store.close()
