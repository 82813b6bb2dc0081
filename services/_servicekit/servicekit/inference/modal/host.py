"""The host's side: what the methods of the app on Modal have in common.

Every failure travels as a value, since an exception that leaves a method would travel as a pickle.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from servicekit.errors import DeadlineExceeded, ServiceError, internal
from servicekit.inference.modal.wire import Outcome, Request, failure, pack, unpack
from servicekit.observability import logs
from servicekit.rpc import context

log = logs.get(__name__)

Asked = TypeVar("Asked")

END: Final = b""
"""Stands in the queue behind the last step."""

END_SECONDS: Final = 2.0
"""How long the last steps may take to be sent when the work is done."""

Tell: TypeAlias = Callable[[Any], None]
"""Takes a step on the way, without waiting."""


class Steps(Protocol):
    """Where steps go on their way to the caller; the part of modal.Queue that is used."""

    async def put_many(self, steps: list[bytes], *, partition: str) -> None:
        """Adds steps behind those that are there."""


async def answer(request: bytes, kind: type[Asked], work: Callable[[Asked], Awaitable[Any]]) -> bytes:
    """A packed Outcome: of `work`, of a request that is none, or of a deadline that has passed.

    Cancelling passes through: Modal asks for it where the caller has left.
    """
    return await _outcome(request, kind, lambda asked, _request: work(asked))


async def stream(
    request: bytes, kind: type[Asked], work: Callable[[Asked, Tell], Awaitable[Any]], steps: Steps
) -> bytes:
    """`answer` for work that tells of steps on the way: they go to the queue that the request names."""

    async def told(asked: Asked, envelope: Request) -> Any:  # noqa: ANN401 - whatever `work` returns
        async with _forwarding(steps, envelope.steps) as tell:
            return await work(asked, tell)

    return await _outcome(request, kind, told)


async def _outcome(request: bytes, kind: type[Asked], work: Callable[[Asked, Request], Awaitable[Any]]) -> bytes:
    try:
        envelope = unpack(request, Request)
        async with asyncio.timeout(_adopted(envelope)):
            return pack(Outcome(body=pack(await work(unpack(envelope.body, kind), envelope))))
    except TimeoutError:
        return _failed(_late())
    except ServiceError as error:
        return _failed(error)
    except Exception:
        log.exception("unexpected exception")
        return _failed(internal())


@asynccontextmanager
async def _forwarding(steps: Steps, partition: str) -> AsyncIterator[Tell]:
    """Sends steps beside the work, together what has gathered meanwhile, and END when it is over, however.

    A queue that does not answer costs the steps, not the work.
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
    """Takes the caller's ids and deadline over; the seconds that are left. Raises DeadlineExceeded where none are."""
    context.adopt(((context.REQUEST_ID_KEY, request.request_id), (context.JOB_ID_KEY, request.job_id)))
    if request.deadline is None:
        context.deadline.set(None)
        return None
    left = request.deadline - time.time()
    if left <= 0:
        raise _late()
    context.deadline.set(time.monotonic() + left)
    return left


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("DEADLINE_EXCEEDED", "This took too long.")


def _failed(error: ServiceError) -> bytes:
    return pack(Outcome(failure=failure(error)))
