"""What the methods of the app on Modal have in common.

Every failure is returned as a value, since Modal would send a raised exception as a pickle.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from servicekit.errors import ServiceError, deadline_exceeded, internal
from servicekit.inference.modal.wire import Outcome, Request, failure, pack, unpack
from servicekit.observability import logs
from servicekit.rpc import context

log = logs.get(__name__)

Asked = TypeVar("Asked")

END: Final = b""
"""Follows the last step in the queue."""

END_SECONDS: Final = 2.0
"""How long the last steps may take to be sent after the work is done."""

ReportStep: TypeAlias = Callable[[Any], None]
"""Sends a step to the caller, without waiting."""


class Steps(Protocol):
    """The queue that carries steps to the caller; the part of modal.Queue that is used."""

    async def put_many(self, steps: list[bytes], *, partition: str) -> None:
        """Adds steps behind those that are there."""


async def answer(request: bytes, kind: type[Asked], work: Callable[[Asked], Awaitable[Any]]) -> bytes:
    """Runs `work` on an unpacked request and packs its Outcome; a malformed request or a passed deadline is a failure.

    Cancellation is passed on: Modal cancels where the caller has hung up.
    """
    return await _outcome(request, kind, lambda asked, _request: work(asked))


async def stream(
    request: bytes, kind: type[Asked], work: Callable[[Asked, ReportStep], Awaitable[Any]], steps: Steps
) -> bytes:
    """`answer` for work that reports steps, which go to the queue that the request names."""

    async def reporting(asked: Asked, envelope: Request) -> Any:  # noqa: ANN401 - whatever `work` returns
        async with _forwarding(steps, envelope.steps) as report_step:
            return await work(asked, report_step)

    return await _outcome(request, kind, reporting)


async def _outcome(request: bytes, kind: type[Asked], work: Callable[[Asked, Request], Awaitable[Any]]) -> bytes:
    try:
        envelope = unpack(request, Request)
        async with asyncio.timeout(_adopted(envelope)):
            return pack(Outcome(body=pack(await work(unpack(envelope.body, kind), envelope))))
    except TimeoutError:
        return _failed(deadline_exceeded())
    except ServiceError as error:
        return _failed(error)
    except Exception:
        log.exception("unexpected exception")
        return _failed(internal())


@asynccontextmanager
async def _forwarding(steps: Steps, partition: str) -> AsyncIterator[ReportStep]:
    """Sends steps beside the work, in batches, and END when the work has ended or failed.

    Where the queue does not answer, steps are lost and the work goes on.
    """
    waiting: asyncio.Queue[bytes] = asyncio.Queue()

    async def forward() -> None:
        sent: list[bytes] = []
        while sent[-1:] != [END]:
            sent = [await waiting.get()]
            while not waiting.empty():
                sent.append(waiting.get_nowait())
            await steps.put_many(sent, partition=partition)

    forwarding = asyncio.create_task(forward())
    try:
        yield lambda step: waiting.put_nowait(pack(step))
    finally:
        waiting.put_nowait(END)
        await asyncio.wait([forwarding], timeout=END_SECONDS)
        if not forwarding.done() or forwarding.exception() is not None:
            log.warning("steps were lost", problem=repr(forwarding))
            forwarding.cancel()


def _adopted(request: Request) -> float | None:
    """Takes over the caller's ids and deadline; the seconds left. Raises DeadlineExceeded where there are none."""
    context.adopt(((context.REQUEST_ID_KEY, request.request_id), (context.JOB_ID_KEY, request.job_id)))
    if request.deadline is None:
        context.deadline.set(None)
        return None
    left = request.deadline - time.time()
    if left <= 0:
        raise deadline_exceeded()
    context.deadline.set(time.monotonic() + left)
    return left


def _failed(error: ServiceError) -> bytes:
    return pack(Outcome(failure=failure(error)))
