"""Attacks by many connections: whoever opens them, probes and others are answered."""

import asyncio
import subprocess
import sys
import time

import httpx
import pytest

from servicekit import process
from tests.fixtures.attack_figures import Measure, at_full_size
from tests.fixtures.gateway import Gateway, StartGateway, photo

HEAD = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
LIMITS = {"max_connections": 60, "max_connections_per_address": 40, "trusted_proxies": "10.0.0.1"}
OTHER_ADDRESS = "127.0.0.2"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(gateway: Gateway, sent: bytes, *, address: str = "127.0.0.1") -> Connection:
    port = gateway.api.server.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(sent)
    return reader, writer


async def open_still(connections: list[Connection]) -> int:
    """How many the server has not ended."""
    await asyncio.sleep(0.2)  # until what it has said is here
    ended = 0
    for reader, _ in connections:
        try:
            async with asyncio.timeout(0.01):
                while await reader.read(4096):
                    pass
            ended += 1
        except ConnectionError:
            ended += 1
        except TimeoutError:
            pass
    return len(connections) - ended


async def seconds_of_a_probe(gateway: Gateway, *, address: str = "127.0.0.1") -> float:
    start = time.monotonic()
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=5) as client:
        assert (await client.get(f"{gateway.url}/health/live")).status_code == 200
    return time.monotonic() - start


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"\r\n"], ids=["nothing", "half a head", "kept alive"])
async def test_idle_connections_make_room(start_gateway: StartGateway, measure: Measure, sent: bytes) -> None:
    process.raise_descriptors()
    gateway = await start_gateway(**LIMITS)
    connections = [await connect(gateway, sent) for _ in range(at_full_size(200, 1100))]
    measure("seconds of a probe among idle connections", await seconds_of_a_probe(gateway), 1)
    assert await open_still(connections) <= 40
    for _, writer in connections:
        writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere loopback has one address")
async def test_streams_of_one_address_leave_room_for_others(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(**LIMITS)
    async with gateway.start_notifier():
        job_id = await gateway.submit(photo())
        await gateway.http.aclose()
        events = f"GET /transform/events/{job_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        socket = (
            f"GET /ws/transform/{job_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        streams = []
        for sent in [events, socket] * 20:
            reader, writer = await connect(gateway, sent)
            assert (await reader.readline()).split()[1] in (b"200", b"101")
            streams.append((reader, writer))
        for sent in (events, socket, HEAD + b"\r\n"):
            reader, writer = await connect(gateway, sent)
            assert (await reader.readline()).split()[1] == b"503"
            writer.close()
        assert await seconds_of_a_probe(gateway, address=OTHER_ADDRESS) < 1
        for _, writer in streams:
            writer.close()
        async with asyncio.timeout(10):
            while True:
                reader, writer = await connect(gateway, HEAD + b"\r\n")
                status = (await reader.readline()).split()[1]
                writer.close()
                if status == b"200":
                    break
                await asyncio.sleep(0.05)  # until the server has seen that they are gone


async def test_a_trusted_proxy_stands_for_many(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(**LIMITS | {"trusted_proxies": "10.0.0.1, 127.0.0.0/8"})
    connections = [await connect(gateway, HEAD + b"\r\n") for _ in range(50)]
    assert await open_still(connections) == 50
    for _, writer in connections:
        writer.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_process_takes_the_descriptors_that_it_may_have() -> None:
    program = (
        "import resource; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard));"
        "from servicekit import process; process.raise_descriptors();"
        "print(process.descriptors(), hard)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    now, hard = map(int, said.split())
    assert now == (process.MAX_DESCRIPTORS if hard < 0 else min(hard, process.MAX_DESCRIPTORS))
