"""Query parameters that an endpoint does not know."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.fixtures.gateway import Gateway, photo


async def test_every_operation_refuses_them_by_name(gateway: Gateway) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    form: dict[str, Any] = {"files": {"file": photo()}, "data": {"style": "modern"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            place = path.format(job_id="7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11", key="a.jpg", name="oak-boards")
            url = f"{place}?afer=1&Purge=true"
            sent = form if method == "post" else {}
            answer = await gateway.http.request(method.upper(), url, **sent)
            assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_FIELD"), url
            assert answer.json()["field"] == "afer"
            assert answer.json()["detail"] == "There is no query parameter 'afer', 'Purge' here."
            assert "422" in operation["responses"]
    assert (await gateway.jobstore.jobs.queue_state()).waiting == 0


async def test_known_ones_are_taken(gateway: Gateway) -> None:
    job_id = await gateway.submit(photo())
    assert (await gateway.http.delete(f"/transform/{job_id}?purge=false")).status_code == 200
    assert (await gateway.http.get(f"/transform/events/{job_id}?after=1&ticket=x")).status_code == 200
    assert (await gateway.http.delete(f"/transform/{job_id}?purge=true")).status_code == 200


@pytest.mark.parametrize("name", ["x" * 5000, "%00%ff", "é", "a%0d%0ab"])
async def test_strange_names_are_shown_short_and_printable(gateway: Gateway, name: str) -> None:
    answer = await gateway.http.get(f"/styles?{name}=1")
    assert answer.status_code == 422
    assert len(answer.json()["field"]) <= 64
    assert answer.json()["field"].isascii()
    assert answer.json()["field"].isprintable()


async def test_pages_are_shown_whatever_a_link_adds(gateway: Gateway) -> None:
    for path in ("/", "/docs", "/page/css/base.css"):
        assert (await gateway.http.get(f"{path}?utm_source=mail")).status_code == 200


@pytest.mark.parametrize("name", ["afer", "é" * 64])
async def test_a_socket_closes_with_4400(gateway: Gateway, name: str) -> None:
    host = urlsplit(gateway.url).netloc
    async with connect(f"ws://{host}/ws/transform/{await gateway.submit(photo())}?{name}=1") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == 4400
    assert str(socket.close_reason).startswith("There is no query parameter '")
