"""Deadlines, cancelling, steps and errors on the way to Modal and back: its own client, a miniature of its server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

pytest.importorskip("modal", reason="the modal extra is not installed")

from servicekit.config.env import SettingsError
from servicekit.errors import DeadlineExceeded, Exhausted, FailedPrecondition, ServiceError, Unavailable
from servicekit.inference.modal import host
from servicekit.inference.modal.client import ModalClient
from servicekit.rpc import context
from tests.fixtures.modal_server import ModalServer, modal_server

APP = "rooms"


class Container:
    """What the app's methods do, and what they saw."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.steps: list[list[bytes]] = []
        self.server: ModalServer

    async def models(self, request: bytes) -> bytes:
        async def work(service: str) -> list[str]:
            if service != "detection":
                raise FailedPrecondition("NOT_HOSTED", f"{service} is not hosted here.")
            return ["yolo"]

        return await host.answer(request, str, work)

    async def double(self, request: bytes) -> bytes:
        async def work(value: float) -> float:
            self.seen.append((value, context.request_id.get(), context.job_id.get(), context.seconds_left(margin=0)))
            if value == 0:
                raise RuntimeError("secret")
            if value < 0:
                raise Exhausted("OUT_OF_MEMORY", "Full.", retry_after_seconds=5)
            return value * 2

        return await host.answer(request, float, work)

    async def endless(self, request: bytes) -> bytes:
        async def work(value: float) -> float:
            await asyncio.Event().wait()
            return value

        return await host.answer(request, float, work)

    async def count(self, request: bytes) -> bytes:
        async def work(last: int, report: host.ReportStep) -> str:
            for step in range(1, abs(last) + 1):
                report(step)
                await asyncio.sleep(0)  # as an engine does between two steps
            if last < 0:
                raise Exhausted("OUT_OF_MEMORY", "Full.")
            if last > 100:
                await asyncio.Event().wait()
            return f"counted to {last}"

        return await host.stream(request, int, work, self)

    async def crash(self, request: bytes) -> bytes:
        raise RuntimeError("the container's own failure")

    async def put_many(self, steps: list[bytes], *, partition: str) -> None:
        if not partition:
            raise RuntimeError("no queue")
        import modal

        await modal.Queue.from_name(f"{APP}-steps").put_many.aio(steps, partition=partition)


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    made = Container()
    methods: dict[str, Callable[[bytes], Awaitable[bytes]]] = {
        name: getattr(made, name) for name in ("models", "double", "endless", "count", "crash")
    }
    with modal_server(APP, methods) as server:
        made.server = server
        yield made


@pytest.fixture
async def client(container: Container) -> AsyncIterator[ModalClient]:
    client = ModalClient(APP, limit=8)
    yield client
    await client.close()


async def begun(server: ModalServer, count: int) -> None:
    while len(server.started) < count:  # noqa: ASYNC110 - the server lives in another thread
        await asyncio.sleep(0.02)


async def ended(server: ModalServer, count: int) -> list[str]:
    while len(server.ended) < count:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    return server.ended[count - 1 :]


async def test_ids_and_what_is_left_of_a_deadline_go_along(client: ModalClient, container: Container) -> None:
    context.deadline.set(time.monotonic() + 60)
    with context.bound(request="req-1", job="job-1"):
        assert await client.ask("double", 21.0, float) == 42
    value, request, job, left = container.seen[-1]
    assert (value, request, job) == (21, "req-1", "job-1")
    assert 0 < left <= 60


async def test_a_call_whose_time_is_over_is_never_worked_on(container: Container) -> None:
    from servicekit.inference.modal.wire import Outcome, Request, pack, unpack

    before = len(container.seen)
    late = pack(Request(body=pack(7.0), deadline=time.time() - 1))
    outcome = unpack(await container.double(late), Outcome)
    assert outcome.failure is not None
    assert outcome.failure.reason == "DEADLINE_EXCEEDED"
    assert len(container.seen) == before


async def test_a_deadline_ends_the_call_on_both_sides(client: ModalClient, container: Container) -> None:
    count = len(container.server.ended) + 1
    context.deadline.set(time.monotonic() + 0.4)
    with pytest.raises(DeadlineExceeded):
        await client.ask("endless", 1.0, float)
    assert await ended(container.server, count)


async def test_cancelling_the_caller_cancels_the_call_on_modal(client: ModalClient, container: Container) -> None:
    count, calls = len(container.server.ended) + 1, len(container.server.started)
    asking = asyncio.create_task(client.ask("endless", 1.0, float))
    await begun(container.server, calls + 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await ended(container.server, count) == ["cancelled"]


async def test_cancelling_while_the_call_is_being_made_leaves_none_behind(
    client: ModalClient, container: Container
) -> None:
    await client.ask("double", 1.0, float)
    count = len(container.server.ended) + 1
    asking = asyncio.create_task(client.ask("endless", 1.0, float))
    with container.server.holding_calls() as arrived:
        await asyncio.to_thread(arrived.wait, 30)
        asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await ended(container.server, count) == ["cancelled"]


async def test_steps_come_in_order_and_then_the_answer(client: ModalClient) -> None:
    async with aclosing(client.stream("count", 90, step=int, answer=str)) as steps:
        assert [step async for step in steps] == [*range(1, 91), "counted to 90"]


async def test_leaving_the_stream_cancels_the_call(client: ModalClient, container: Container) -> None:
    count = len(container.server.ended) + 1
    async with aclosing(client.stream("count", 101, step=int, answer=str)) as steps:
        assert await anext(steps) == 1
    assert await ended(container.server, count) == ["cancelled"]


async def test_a_stream_that_fails_tells_its_steps_and_why(client: ModalClient) -> None:
    seen: list[int | str] = []
    with pytest.raises(Exhausted, match="OUT_OF_MEMORY"):
        async with aclosing(client.stream("count", -3, step=int, answer=str)) as steps:
            async for step in steps:
                seen += [step]
    assert seen == [1, 2, 3]


async def test_steps_that_are_lost_cost_no_answer(client: ModalClient) -> None:
    assert await client.ask("count", 3, str) == "counted to 3"


async def test_memory_that_ran_out_and_unexpected_failures_are_told_apart(client: ModalClient) -> None:
    with pytest.raises(Exhausted, match="OUT_OF_MEMORY") as full:
        await client.ask("double", -1.0, float)
    assert full.value.retry_after_seconds == 5
    with pytest.raises(ServiceError) as caught:
        await client.ask("double", 0.0, float)
    assert caught.value.reason == "INTERNAL"
    assert "secret" not in caught.value.message


async def test_a_question_of_another_type_is_internal(client: ModalClient) -> None:
    with pytest.raises(ServiceError, match="INTERNAL"):
        await client.ask("double", "a text", float)


async def test_a_container_that_fails_and_a_modal_that_is_away_are_worth_another_try(
    client: ModalClient, container: Container
) -> None:
    with pytest.raises(Unavailable):
        await client.ask("crash", 1.0, float)
    container.server.broken = True
    try:
        with pytest.raises(Unavailable):
            await client.ask("double", 1.0, float)
    finally:
        container.server.broken = False
    assert await client.ask("double", 1.0, float) == 2


async def test_more_calls_than_may_be_under_way_are_refused_at_once(client: ModalClient, container: Container) -> None:
    count, calls = len(container.server.ended), len(container.server.started)
    asking = [asyncio.create_task(client.ask("endless", 1.0, float)) for _call in range(9)]
    await begun(container.server, calls + 8)
    (refused,) = [task for task in asking if task.done()]
    assert isinstance(refused.exception(), Exhausted)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await ended(container.server, count + 8)
    assert container.server.ended[count:] == ["cancelled"] * 8
    assert await client.ask("double", 1.0, float) == 2


async def test_a_start_says_what_is_wrong(container: Container) -> None:
    assert await ModalClient(APP, limit=1).load("detection", list[str]) == ["yolo"]
    with pytest.raises(SettingsError, match="MODOMO_MODAL: 'rooms' on Modal: diffusion is not hosted here"):
        await ModalClient(APP, limit=1).load("diffusion", list[str])
    with pytest.raises(SettingsError, match=r"MODOMO_MODAL: 'elsewhere' on Modal: NotFoundError.*elsewhere"):
        await ModalClient("elsewhere", limit=1).load("detection", list[str])


async def test_a_start_without_a_token_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from tests.fixtures.modal_server import forgotten_client

    monkeypatch.delenv("MODAL_TOKEN_ID", raising=False)
    monkeypatch.delenv("MODAL_TOKEN_SECRET", raising=False)
    with forgotten_client(), pytest.raises(SettingsError, match="on Modal: AuthError: Token missing"):
        await ModalClient(APP, limit=1).load("detection", list[str])
