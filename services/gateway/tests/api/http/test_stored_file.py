"""Pictures asked for again, and in parts (RFC 9110, 13 and 14)."""

import os
from collections.abc import Mapping

import httpx
import pytest

from tests.fixtures.gateway import Gateway

KEY = "jobs/1/preview-1.jpg"
DATA = bytes(range(100))

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(gateway: Gateway, headers: Mapping[str, str], *, method: str = "GET") -> httpx.Response:
    await gateway.store.put(KEY, DATA, content_type="image/jpeg")
    os.utime(gateway.settings.data_dir / "objects" / KEY, (1_800_000_000, 1_800_000_000))
    link = await gateway.store.url(KEY, expires_seconds=60)
    return await gateway.http.request(method, link, headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_picture_that_the_client_has_is_not_sent_again(shared_gateway: Gateway, method: str) -> None:
    first = await ask(shared_gateway, {})
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    assert modified == "Fri, 15 Jan 2027 08:00:00 GMT"
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f"W/{tag}"},
        {"If-None-Match": f'"other", {tag}'},
        {"If-None-Match": "*"},
        {"If-None-Match": tag, "If-Modified-Since": "Thu, 14 Jan 2027 08:00:00 GMT"},
        {"If-None-Match": tag, "Range": "bytes=0-1"},
        {"If-Modified-Since": modified},
        {"If-Modified-Since": "Sat, 16 Jan 2027 08:00:00 GMT"},
    ):
        answer = await ask(shared_gateway, headers, method=method)
        assert (answer.status_code, answer.content) == (304, b""), headers
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == first.headers["cache-control"]
        assert "content-type" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": "Sat, 16 Jan 2027 08:00:00 GMT"},
        {"If-None-Match": ""},
        {"If-Modified-Since": "Thu, 14 Jan 2027 08:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"Range": "lines=1-2"},
        {"Range": "bytes"},
        {"Range": "bytes="},
        {"Range": "bytes=x-y"},
        {"Range": "bytes=5-2"},
        {"Range": "bytes=+1-2"},
        {"Range": "bytes=0-1,x"},
        {"Range": "bytes=" + ",".join(["0-0"] * 17)},
        {"Range": "bytes=0-1", "If-Range": '"other"'},
        {"Range": "bytes=500-", "If-Range": '"other"'},
    ],
)
async def test_the_whole_picture(shared_gateway: Gateway, headers: dict[str, str]) -> None:
    answer = await ask(shared_gateway, headers)
    assert (answer.status_code, answer.content) == (200, DATA)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("Bytes = 10-19", 10, 19),
        ("bytes=90-", 90, 99),
        ("bytes=90-1000", 90, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-1000", 0, 99),
        ("bytes=10-19,500-", 10, 19),
        ("bytes=10-14,15-19", 10, 19),
    ],
)
async def test_a_part(shared_gateway: Gateway, text: str, first: int, last: int) -> None:
    answer = await ask(shared_gateway, {"Range": text})
    assert (answer.status_code, answer.content) == (206, DATA[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/100"
    assert answer.headers["content-length"] == str(last + 1 - first)
    assert answer.headers["content-type"] == "image/jpeg"


async def test_a_part_of_the_same_picture(shared_gateway: Gateway) -> None:
    whole = await ask(shared_gateway, {})
    for unchanged in (whole.headers["etag"], whole.headers["last-modified"]):
        assert (await ask(shared_gateway, {"Range": "bytes=0-1", "If-Range": unchanged})).status_code == 206


async def test_several_parts(shared_gateway: Gateway) -> None:
    answer = await ask(shared_gateway, {"Range": "bytes=0-1, 50-51"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert answer.content.count(b"Content-Range: bytes ") == 2
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=500-600", "bytes=-0", "bytes=100-,200-300"])
async def test_no_part_of_the_picture(shared_gateway: Gateway, text: str) -> None:
    answer = await ask(shared_gateway, {"Range": text})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */100")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["field"]) == ("RANGE_NOT_SATISFIABLE", "Range")


async def test_head_knows_no_parts(shared_gateway: Gateway) -> None:
    for text in ("bytes=0-1", "bytes=500-"):
        answer = await ask(shared_gateway, {"Range": text}, method="HEAD")
        assert (answer.status_code, answer.headers["content-length"]) == (200, "100")
