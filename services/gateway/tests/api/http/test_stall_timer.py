"""Clients that stop reading, and clients of a process that ends."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest

from gateway.api.http import stall_timer
from servicekit.jobstore import Claim, Ending, JobStatus, Update
from tests.fixtures.gateway import Gateway, StartGateway, photo

EVENTS, MESSAGE = 1500, "x" * 6000
"""Together more than the kernel keeps for a client."""


async def many_events(claim: Claim) -> None:
    for _ in range(EVENTS):
        await claim.append(Update(status=JobStatus.ANALYZING, progress=0.1, message=MESSAGE))


def silent_socket(gateway: Gateway) -> socket.socket:
    """A client that keeps as little as it may."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", gateway.api.server.port))
    return client


def ask_for_websocket(job_id: str) -> bytes:
    return (
        f"GET /ws/transform/{job_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def ask_for_events(job_id: str) -> bytes:
    return f"GET /transform/events/{job_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


@pytest.mark.slow
@pytest.mark.parametrize("ask", [ask_for_websocket, ask_for_events])
async def test_a_client_that_stops_reading_is_cut_off_and_holds_nobody_up(
    gateway: Gateway, ask: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall_timer, "STALL_SECONDS", 0.5)
    job_id = await gateway.submit(photo())
    claim = await gateway.jobstore.queue.claim()
    with silent_socket(gateway) as silent:
        silent.sendall(ask(job_id))  # type: ignore[operator]  # one of the two above
        assert (await asyncio.to_thread(silent.recv, 12)).startswith(b"HTTP/1.1 ")
        reading = asyncio.create_task(gateway.http.get(f"/transform/events/{job_id}"))
        await many_events(claim)
        await claim.finish(Ending(status=JobStatus.FAILED, message="Over."))
        answer = await reading
        assert answer.text.count("\nid: ") == EVENTS + 2
        assert await asyncio.to_thread(_bytes_until_the_end, silent) < EVENTS * len(MESSAGE)


def _bytes_until_the_end(silent: socket.socket) -> int:
    silent.settimeout(30)
    count = 0
    with suppress(ConnectionResetError):
        while data := silent.recv(65536):
            count += len(data)
    return count


async def test_a_connection_is_ended_with_an_answer_when_the_process_stops(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        assert "connection" not in (await client.get("/health/live")).headers
        stopping = asyncio.create_task(gateway.api.server.stop(drain_seconds=20))
        await asyncio.sleep(0)  # so that it begins
        answer = await client.get("/health/live")  # over the connection that is there
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        await stopping
