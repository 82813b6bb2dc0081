"""One tenant takes all that it can get: another one goes on as if it were alone."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import grpc
import httpx
import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.api.uploads.optimise import Photo, PhotoOptimiser
from modomo.transform.v1 import transform_service_pb2 as pb
from modomo.transform.v1 import transform_service_pb2_grpc as pb_grpc
from servicekit.rpc import client
from tests.fixtures.api_keys import KeyHolder, key_file, key_holder
from tests.fixtures.gateway import Gateway, StartGateway, photo

MEGABYTE: Final = 2**20
STREAMS: Final = 12
"""In all."""
GREEDY, OTHER = key_holder("greedy"), key_holder("other")


async def submit(gateway: Gateway, holder: KeyHolder, data: bytes) -> httpx.Response:
    files = {"file": ("room.jpg", data)}
    return await gateway.http.post("/transform/submit", headers=holder.headers, files=files, data={"style": "modern"})


async def slow_upload(gateway: Gateway, holder: KeyHolder) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends a megabyte of a photo, and then nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.api.server.port)
    head = (
        "POST /transform/submit HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Authorization: {holder.headers['Authorization']}\r\nContent-Length: {15 * MEGABYTE}\r\n\r\n"
    )
    writer.write(head.encode() + b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + bytes(MEGABYTE))
    await writer.drain()
    return reader, writer


async def test_slow_bodies_of_one_tenant_leave_room_for_others(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(api_keys=key_file(GREEDY, OTHER), upload_memory_bytes=8 * MEGABYTE)
    uploads = [await slow_upload(gateway, GREEDY) for _ in range(35)]
    answers = [asyncio.create_task(reader.readline()) for reader, _ in uploads]
    done, waiting = await asyncio.wait(answers, timeout=2)  # those that are held do not answer
    assert {answer.result().split()[1] for answer in done} == {b"503"}
    assert 3 <= len(waiting) <= 5
    for _ in range(3):
        assert (await submit(gateway, OTHER, photo(3000, 2000))).status_code == 202
    for answer in waiting:
        answer.cancel()
    for _, writer in uploads:
        writer.close()


def png(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").resize(size).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def progressive() -> bytes:
    """A photo of the kind that is decoded one at a time."""
    buffer = io.BytesIO()
    Image.effect_noise((5200, 4000), 10).convert("RGB").save(buffer, "JPEG", progressive=True, quality=50)
    return buffer.getvalue()


@pytest.mark.parametrize("make", [lambda: png((2000, 1500)), progressive], ids=["many", "heavy"])
@pytest.mark.slow
async def test_photos_of_one_tenant_wait_in_turn_with_those_of_others(make: Any) -> None:
    """Both send the same photo: the other tenant's is done after two of the six that were there before it."""
    data, done = make(), []
    optimiser = PhotoOptimiser(long_side=1024, threads=1, queue_limit=16)

    async def optimised(tenant: str) -> None:
        assert isinstance(await optimiser.optimise(data, client=tenant), Photo)
        done.append(tenant)

    greedy = [asyncio.create_task(optimised("greedy")) for _ in range(6)]
    await asyncio.sleep(0)  # they stand in the queue
    await optimised("other")
    assert len(done) <= 4
    await asyncio.gather(*greedy)
    optimiser.close()


async def test_photos_of_one_tenant_do_not_fill_the_queue() -> None:
    data = png((600, 400))
    optimiser = PhotoOptimiser(long_side=1024, threads=1, queue_limit=9)
    greedy = [asyncio.create_task(optimiser.optimise(data, client="greedy")) for _ in range(30)]
    await asyncio.sleep(0)
    assert isinstance(await optimiser.optimise(data, client="other"), Photo)
    outcomes = await asyncio.gather(*greedy, return_exceptions=True)
    assert sum(isinstance(outcome, Photo) for outcome in outcomes) == 5
    optimiser.close()


def watching(gateway: Gateway, holder: KeyHolder, job_id: str) -> connect:
    address = f"{gateway.url.replace('http', 'ws')}/ws/transform/{job_id}"
    return connect(address, additional_headers=holder.headers, compression=None)


async def close_code(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        await connection.recv()
    return connection.close_code


@asynccontextmanager
async def watch_calls(gateway: Gateway) -> AsyncIterator[Any]:
    async with client.channel(f"127.0.0.1:{gateway.api.grpc_api.port}") as channel:
        stub = pb_grpc.TransformServiceStub(channel)
        yield lambda holder, job_id: stub.Watch(
            pb.WatchRequest(job_id=job_id), metadata=[("authorization", holder.headers["Authorization"])]
        )


async def test_streams_of_one_tenant_leave_room_for_others(start_gateway: StartGateway) -> None:
    """WebSocket, Server-Sent Events and gRPC count together, and a ticket counts for whose job it opens."""
    gateway = await start_gateway(api_keys=key_file(GREEDY, OTHER), stream_limit=STREAMS)
    answers = [(await submit(gateway, holder, photo())).json() for holder in (GREEDY, OTHER)]
    job_id, others = (answer["job_id"] for answer in answers)
    events = f"/transform/events/{job_id}"
    async with AsyncExitStack() as stack, gateway.start_notifier():
        watch = await stack.enter_async_context(watch_calls(gateway))
        for _ in range(2):
            socket = await stack.enter_async_context(watching(gateway, GREEDY, job_id))
            await socket.recv()
            stream = await stack.enter_async_context(gateway.http.stream("GET", events, headers=GREEDY.headers))
            assert stream.status_code == 200
            assert (await watch(GREEDY, job_id).read()).event.seq == 1
        ticketed = answers[0]["websocket_url"]
        refused = await stack.enter_async_context(connect(ticketed, compression=None))
        assert await close_code(refused) == 1013
        refused = await stack.enter_async_context(watching(gateway, GREEDY, job_id))
        assert await close_code(refused) == 1013
        answer = await gateway.http.get(events, headers=GREEDY.headers)
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_STREAMS")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watch(GREEDY, job_id).read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

        for _ in range(2):
            socket = await stack.enter_async_context(watching(gateway, OTHER, others))
            await socket.recv()
        assert (await watch(OTHER, others).read()).event.seq == 1


async def test_streams_that_have_ended_are_not_counted_any_more(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(stream_limit=2)
    job_id = await gateway.submit(photo())
    async with gateway.start_notifier(), watch_calls(gateway) as watch:
        for _ in range(6):
            async with asyncio.timeout(10):
                async with watching(gateway, GREEDY, job_id) as socket:
                    await socket.recv()
                await freed(gateway)
                async with gateway.http.stream("GET", f"/transform/events/{job_id}") as stream:
                    assert stream.status_code == 200
                await freed(gateway)
                call = watch(GREEDY, job_id)
                assert (await call.read()).event.seq == 1
                call.cancel()
                await freed(gateway)


async def freed(gateway: Gateway) -> None:
    """Until the gateway has noticed that the client has left."""
    while (await gateway.http.get("/metrics")).text.count("modomo_event_streams_open 0.0") == 0:  # noqa: ASYNC110 - from outside
        await asyncio.sleep(0.02)
