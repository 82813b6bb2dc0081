"""Attacks on the gateway's gRPC port: nothing is read unasked, and one caller's calls hold up no other's."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import grpc
import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest

from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1 import transform_service_pb2_grpc as pb_grpc
from servicekit.rpc import client
from servicekit.rpc import server as grpc_server
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.http2_caller import (
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    Http2Caller,
    http2_caller,
    message_head,
    reset_flood,
)

if TYPE_CHECKING:  # the name exists in the type stubs alone
    from modomo.transform.v1.transform_service_pb2_grpc import TransformServiceAsyncStub as Stub

MEGABYTE = 2**20
SUBMIT = "/modomo.transform.v1.TransformService/Submit"
GET = "/modomo.transform.v1.TransformService/Get"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
PHOTO_BYTES = 15 * MEGABYTE
ELSEWHERE = "127.0.0.2"


@pytest.fixture
def holders() -> tuple[KeyHolder, KeyHolder]:
    return key_holder("slow"), key_holder("other")


@pytest.fixture
async def guarded(start_gateway: StartGateway, holders: tuple[KeyHolder, KeyHolder]) -> Gateway:
    return await start_gateway(api_keys=key_file(*holders), upload_memory_bytes=64 * MEGABYTE)


@pytest.fixture
async def other(guarded: Gateway, holders: tuple[KeyHolder, KeyHolder]) -> AsyncIterator["OtherTenant"]:
    async with client.channel(f"127.0.0.1:{guarded.api.grpc_api.port}") as channel:
        yield OtherTenant(pb_grpc.TransformServiceStub(channel), holders[1])


class OtherTenant:
    """Somebody who goes on working meanwhile."""

    def __init__(self, stub: "Stub", holder: KeyHolder) -> None:
        self._stub = stub
        self._metadata = [("authorization", holder.headers["Authorization"])]

    async def submit(self, *, seconds: float = 5) -> None:
        request = pb.SubmitRequest(image=photo(), style="modern")
        await self._stub.Submit(request, metadata=self._metadata, timeout=seconds)

    async def get(self, *, seconds: float = 5) -> grpc.StatusCode:
        """Asks for a job that there is not."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            request = pb.GetRequest(job_id="7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11")
            await self._stub.Get(request, metadata=self._metadata, timeout=seconds)
        return caught.value.code()


def resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


async def half_sent(
    caller: Http2Caller, method: str, *, calls: int, metadata: Mapping[str, str] | None = None
) -> list[int]:
    """Announces a photo in each call, and sends all of it but the last byte, as far as it is taken."""
    streams = [await caller.open(method, metadata) for _ in range(calls)]
    message = message_head(PHOTO_BYTES) + bytes(PHOTO_BYTES - 1)
    return await asyncio.gather(*(caller.send(stream, message) for stream in streams))


async def test_nothing_is_read_of_a_message_without_a_key(guarded: Gateway, other: OtherTenant) -> None:
    before = resident_bytes()
    async with http2_caller(guarded.api.grpc_api.port) as caller:
        taken = await half_sent(caller, SUBMIT, calls=20)
        assert resident_bytes() - before < 40 * MEGABYTE
        assert max(taken) < MEGABYTE
        assert set(caller.statuses.values()) == {UNAUTHENTICATED}
        await other.submit()


@pytest.mark.slow
async def test_half_sent_photos_of_one_tenant_are_bounded_and_hold_up_no_other(
    guarded: Gateway, other: OtherTenant, holders: tuple[KeyHolder, KeyHolder]
) -> None:
    before = resident_bytes()
    key = {"authorization": holders[0].headers["Authorization"]}
    async with http2_caller(guarded.api.grpc_api.port) as caller:
        await half_sent(caller, SUBMIT, calls=20, metadata=key)
        await other.submit()
        assert resident_bytes() - before < 80 * MEGABYTE


@pytest.mark.parametrize("method", [CHECK, WATCH, REFLECTION])
@pytest.mark.slow
async def test_half_sent_probes_are_bounded_and_hold_up_no_other(
    guarded: Gateway, other: OtherTenant, method: str
) -> None:
    before = resident_bytes()
    async with http2_caller(guarded.api.grpc_api.port) as caller:
        await half_sent(caller, method, calls=20)
        await other.get()
        assert resident_bytes() - before < 100 * MEGABYTE
        async with http2_caller(guarded.api.grpc_api.port, address=ELSEWHERE) as elsewhere:
            assert await _probe(elsewhere, CHECK) == "0"


@pytest.mark.parametrize("method", [WATCH, REFLECTION])
async def test_a_thousand_streams_without_a_key_close_nothing(
    guarded: Gateway, other: OtherTenant, method: str
) -> None:
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(http2_caller(guarded.api.grpc_api.port)) for _ in range(2)]
        for caller in callers:
            for _ in range(500):
                await caller.send(await caller.open(method), message_head(0))
        async with asyncio.timeout(10):
            while sum(len(caller.statuses) for caller in callers) < 900:  # noqa: ASYNC110 - from outside
                await asyncio.sleep(0.01)
        assert await other.get() is grpc.StatusCode.NOT_FOUND
        elsewhere = await stack.enter_async_context(http2_caller(guarded.api.grpc_api.port, address=ELSEWHERE))
        assert await _probe(elsewhere, CHECK) == "0"
        assert {status for caller in callers for status in caller.statuses.values()} == {RESOURCE_EXHAUSTED}


async def _probe(caller: Http2Caller, method: str) -> str:
    stream = await caller.open(method)
    await caller.send(stream, message_head(0))
    async with asyncio.timeout(5):
        return await caller.status(stream)


@pytest.mark.slow
async def test_calls_that_are_reset_at_once_are_refused_by_the_transport(guarded: Gateway, other: OtherTenant) -> None:
    """HTTP/2 Rapid Reset, CVE-2023-44487."""
    flood = asyncio.create_task(asyncio.to_thread(reset_flood, guarded.api.grpc_api.port, GET, calls=20_000))
    longest = 0.0
    while not flood.done():
        start = time.monotonic()
        assert await other.get() is grpc.StatusCode.NOT_FOUND
        longest = max(longest, time.monotonic() - start)
        await asyncio.sleep(0.02)  # as a caller that polls
    assert await flood < 2000
    assert longest < 3


@pytest.mark.slow
async def test_connections_are_bounded_and_end_where_they_say_nothing(
    start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "_HANDSHAKE_MILLISECONDS", 3000)
    gateway = await start_gateway(grpc_connections=20)
    port = gateway.api.grpc_api.port
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
    ending = [asyncio.create_task(ended(reader)) for reader, _ in connections]
    _, held = await asyncio.wait(ending, timeout=1)
    assert 1 <= len(held) <= 20
    assert (await gateway.http.get("/health/live")).status_code == 200
    async with asyncio.timeout(10):
        await asyncio.gather(*ending)
    async with http2_caller(port) as caller:
        assert await _probe(caller, CHECK) == "0"
    for _, writer in connections:
        writer.close()


async def ended(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(1024):  # the server's settings, where it takes the connection
            pass
    except ConnectionError:
        pass
