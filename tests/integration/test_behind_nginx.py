"""A real nginx in front of the gateway, below a path, with the configuration that the gateway's README shows."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from deploy.local import ports
from tests.fixtures.gateway import Gateway, photo

ROOT = Path(__file__).parents[2]
NGINX = ROOT / "build" / "nginx" / "usr" / "sbin" / "nginx"
README = ROOT / "services" / "gateway" / "README.md"

pytestmark = pytest.mark.skipif(
    not NGINX.exists(), reason="no nginx: `make test` takes it from Debian's package where there is apt-get"
)

CONFIGURATION = """\
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    MAP
    server {
        listen 127.0.0.1:PORT;
        LOCATION
    }
}
"""


def configuration(port: int, gateway: str) -> str:
    """The README's, completed."""
    readme = README.read_text()
    location = re.search(r"```nginx\n(.*?)```", readme, re.DOTALL)
    connection = re.search(r"`(map \$http_upgrade .*?)`", readme)
    assert location
    assert connection
    changes = {
        "MAP": connection[1],
        "LOCATION": location[1],
        "PORT": str(port),
        "http://127.0.0.1:8000": gateway,
    }
    text = CONFIGURATION
    for name, value in changes.items():
        assert name in text
        text = text.replace(name, value)
    return text


@pytest.fixture
async def outside(gateway: Gateway, tmp_path: Path) -> AsyncIterator[str]:
    """The address that the world knows the gateway by."""
    (port,) = ports.free(1)
    directory = tmp_path / "nginx"
    directory.mkdir()
    (directory / "nginx.conf").write_text(configuration(port, gateway.url))
    nginx = await asyncio.create_subprocess_exec(
        *(str(NGINX), "-p", str(directory), "-c", "nginx.conf", "-e", "stderr"), stderr=sys.stderr
    )
    try:
        await until_it_listens(port)
        yield f"http://127.0.0.1:{port}/modomo"
    finally:
        nginx.terminate()
        await nginx.wait()


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)  # it is another process
            else:
                writer.close()
                return


def form() -> dict[str, Any]:
    return {"files": {"file": photo()}, "data": {"style": "modern"}}


async def test_a_job_by_the_addresses_that_are_handed_out(gateway: Gateway, outside: str) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        job = (await http.post(f"{outside}/transform/submit", **form())).json()
        own = outside.removesuffix("/modomo")
        websocket = connect(job["websocket_url"], origin=own)  # type: ignore[arg-type]  # a NewType of str
        async with websocket as socket, http.stream("GET", job["events_url"]) as events:
            lines = events.aiter_lines()
            assert json.loads(await socket.recv())["status"] == "queued"
            await until_line(lines, '"queued"')  # while the job goes on: nothing waits in the proxy
            await gateway.complete(await gateway.jobstore.queue.claim())
            last = json.loads(await socket.recv())
            assert last["status"] == "completed"
            await until_line(lines, '"completed"')
        data = (await http.get(job["status_url"])).json()["data"]
        for address in (data["result"]["transformed_url"], last["result"]["thumbnail_url"]):
            picture = await http.get(address)
            assert picture.status_code == 200
            again = await http.get(address, headers={"If-None-Match": picture.headers["etag"]})
            assert again.status_code == 304
        assert (await http.head(data["result"]["original_url"])).status_code == 200
        with pytest.raises(InvalidStatus):
            await connect(data["websocket_url"], origin="https://evil.example")  # type: ignore[arg-type]  # as above


async def until_line(lines: AsyncIterator[str], text: str) -> None:
    async with asyncio.timeout(20):
        while text not in await anext(lines):
            pass


async def test_the_pages_and_the_document(outside: str) -> None:
    async with httpx.AsyncClient(base_url=outside) as http:
        for page in ("/", "/docs"):
            text = (await http.get(page)).text
            links = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", text)
            addresses = [urljoin(outside + page, one or other) for one, other in links]
            assert len(addresses) >= 4
            for address in addresses:
                assert address.startswith(f"{outside}/"), address
                assert (await http.get(address)).status_code == 200, address
        assert (await http.get(outside, follow_redirects=True)).url == f"{outside}/"
        assert (await http.get("/openapi.json")).json()["servers"] == [{"url": outside}]


async def test_what_a_client_claims_to_have_been_forwarded(outside: str) -> None:
    spoofed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "https"}
    async with httpx.AsyncClient(base_url=outside, headers=spoofed) as http:
        assert "evil" not in (await http.post("/transform/submit", **form())).text
        assert "evil" not in (await http.get("/openapi.json")).text
