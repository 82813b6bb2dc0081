"""HEAD on every GET route: the same status and headers, no body."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest

from tests.fixtures.gateway import Gateway, photo

OF_ONE_ANSWER = {"x-request-id", "date", "transfer-encoding"}
CHANGING = {"/metrics": {"content-length"}}


async def paths(gateway: Gateway) -> set[str]:
    """One of each GET operation of the document, and the pages."""
    job_id = await gateway.submit(photo())
    await gateway.complete(await gateway.jobstore.queue.claim())
    status = (await gateway.http.get(f"/transform/status/{job_id}")).json()["data"]
    picture = urlsplit(status["result"]["original_url"])
    document = (await gateway.http.get("/openapi.json")).json()
    named = {"{job_id}": job_id, "{name}": "oak-boards"}
    found = {
        re.sub(r"{(job_id|name)}", lambda one: named[one[0]], path)
        for path, operations in document["paths"].items()
        if "get" in operations
    }
    found = found - {"/files/{key}"} | {f"{picture.path}?{picture.query}"}
    return found | {"/", "/page/app.js", "/docs", "/docs/swagger-ui.css", "/openapi.json"}


async def test_head_is_get_without_the_body(gateway: Gateway) -> None:
    for path in await paths(gateway):
        get, head = await gateway.http.get(path), await gateway.http.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        left_out = OF_ONE_ANSWER | CHANGING.get(path, set())
        expected, shown = [
            {name: one.headers[name] for name in one.headers if name not in left_out} for one in (get, head)
        ]
        assert shown == expected, path
        assert "content-length" in head.headers or "events" in path


async def test_head_of_a_stream_ends_at_once(gateway: Gateway) -> None:
    path = f"/transform/events/{await gateway.submit(photo())}"
    async with asyncio.timeout(10):
        head = await gateway.http.head(path)
        assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        while "modomo_watchers_open 0.0" not in (await gateway.http.get("/metrics")).text:  # noqa: ASYNC110 - from outside
            await asyncio.sleep(0.01)  # until the watch has been left


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/transform/submit", 405)])
async def test_head_of_what_cannot_be_got(gateway: Gateway, path: str, status: int) -> None:
    head = await gateway.http.head(path)
    assert (head.status_code, head.headers["content-type"]) == (status, "application/problem+json")
    assert head.content == b""


async def test_it_is_counted_as_head(gateway: Gateway) -> None:
    await gateway.http.head("/styles")
    counted = 'modomo_http_request_duration_seconds_count{method="HEAD",route="/styles",status="200"}'
    assert counted in (await gateway.http.get("/metrics")).text
