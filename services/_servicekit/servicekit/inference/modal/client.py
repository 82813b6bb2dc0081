"""Calls an app on Modal with our values and returns ours; its errors become ServiceErrors.

Needs modal; only modal engines import this. A call is spawned, which gives it an id, so that cancelling the caller
cancels the call wherever it is: in Modal's queue, where it then never runs, or in a container, between two steps.
Modal's `remote` has no such id, and cancelling a generator's call ends its container with all loaded models
(modal-client #4125), so steps come through a queue. A call carries the time left until the caller's deadline.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, TypeVar

import modal
from modal import exception as failures

from servicekit.config.env import SettingsError
from servicekit.errors import Exhausted, ServiceError, Unavailable, deadline_exceeded, internal
from servicekit.inference.modal.host import END
from servicekit.inference.modal.wire import Outcome, Request, error, pack, unpack
from servicekit.observability import logs
from servicekit.rpc import context

log = logs.get(__name__)

Answer = TypeVar("Answer")
Step = TypeVar("Step")

CLASS: Final = "Models"
"""The app's class that hosts the engines."""

STEPS: Final = "-steps"
"""Suffix of the app's queue for steps."""

LATE_STEPS_SECONDS: Final = 2.0
"""How long after the answer steps may still arrive."""

CANCEL_SECONDS: Final = 5.0
"""How long Modal may take to accept a cancel; the caller waits for it."""

FETCHED_STEPS: Final = 64
"""Most steps that one fetch from the queue returns."""

_UNAVAILABLE: Final = (
    failures.ConnectionError,
    failures.ServiceError,
    failures.InternalError,
    failures.InternalFailure,
    failures.ClientClosed,
    failures.RemoteError,
)
_MISCONFIGURED: Final = (failures.AuthError, failures.NotFoundError, failures.PermissionDeniedError)


class ModalClient:
    """The methods of one deployed app. Modal's own variables, MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, say who calls."""

    def __init__(self, app: str, *, limit: int, startup_seconds: float = 600) -> None:
        """`limit` bounds the calls under way; the first container may take `startup_seconds` to start."""
        self._app = app
        self._limit = limit
        self._startup_seconds = startup_seconds
        self._models: Any = modal.Cls.from_name(app, CLASS)()
        self._steps = modal.Queue.from_name(app + STEPS, create_if_missing=True)
        self._calls = 0

    async def load(self, service: str, kind: type[Answer]) -> Answer:
        """What the app's `models` says of a service; starts a container where there is none.

        Raises SettingsError where the app is not there, refuses our token, or says that it cannot serve.
        """
        end = time.monotonic() + self._startup_seconds
        while True:
            try:
                async with asyncio.timeout_at(end - time.monotonic() + asyncio.get_running_loop().time()):
                    return await self.ask("models", service, kind)
            except (ServiceError, TimeoutError, failures.Error) as problem:
                if not isinstance(problem, Unavailable) or time.monotonic() > end:
                    raise SettingsError(f"MODOMO_MODAL: {self._app!r} on Modal: {_explanation(problem)}") from problem
                log.info("waiting for modal", app=self._app, problem=str(problem))
            await asyncio.sleep(1)  # between two attempts to reach Modal

    async def ask(self, method: str, value: Any, kind: type[Answer]) -> Answer:  # noqa: ANN401 - what the method takes
        """The answer; raises what the method raised, or Exhausted, Unavailable, DeadlineExceeded of the call itself."""
        return await self._answer(method, value, kind)

    async def stream(
        self,
        method: str,
        value: Any,  # noqa: ANN401 - as above
        *,
        step: type[Step],
        answer: type[Answer],
    ) -> AsyncGenerator[Step | Answer, None]:
        """Steps as they come, then the answer; leaving the stream cancels the call. Raises as `ask`."""
        steps: asyncio.Queue[bytes] = asyncio.Queue()
        calling = asyncio.create_task(self._answer(method, value, answer, on_step=steps.put_nowait))
        calling.add_done_callback(lambda _: steps.put_nowait(END))
        try:
            while (data := await steps.get()) != END:
                yield unpack(data, step)
            yield await calling
        finally:
            calling.cancel()
            await asyncio.wait([calling])

    async def close(self) -> None:
        """Does nothing: modal keeps one connection for the process."""

    async def _answer(
        self,
        method: str,
        value: Any,  # noqa: ANN401 - as above
        kind: type[Answer],
        *,
        on_step: Callable[[bytes], None] | None = None,
    ) -> Answer:
        if self._calls >= self._limit:
            raise Exhausted("QUEUE_FULL", "Too many calls are under way.", retry_after_seconds=2)
        self._calls += 1
        left = context.seconds_left()
        partition = uuid.uuid4().hex if on_step else ""
        try:
            async with asyncio.timeout(left):
                request = Request(
                    body=await asyncio.to_thread(pack, value),
                    deadline=None if left is None else time.time() + left,
                    steps=partition,
                    request_id=context.request_id.get(),
                    job_id=context.job_id.get(),
                )
                outcome = await self._outcome(method, pack(request), partition, on_step)
        except TimeoutError as problem:
            raise deadline_exceeded() from problem
        except failures.Error as problem:
            raise _as_service_error(problem) from problem
        finally:
            self._calls -= 1
        if outcome.failure is not None:
            raise error(outcome.failure)
        return await asyncio.to_thread(unpack, outcome.body, kind)

    async def _outcome(
        self, method: str, request: bytes, partition: str, on_step: Callable[[bytes], None] | None
    ) -> Outcome:
        """Calls and waits; cancelling this cancels the call on Modal, even one whose spawning is still under way."""
        spawning = asyncio.ensure_future(getattr(self._models, method).spawn.aio(request))
        try:
            call = await asyncio.shield(spawning)
            result = asyncio.ensure_future(call.get.aio())
            try:
                if on_step is not None:
                    await self._receive_steps(result, partition, on_step)
                return unpack(await result, Outcome)
            finally:
                result.cancel()
        except asyncio.CancelledError:
            await _cancel(spawning)
            raise

    async def _receive_steps(
        self, result: "asyncio.Future[bytes]", partition: str, on_step: Callable[[bytes], None]
    ) -> None:
        """Passes on the queue's steps up to END; fewer where the call has failed or steps were lost."""
        while True:
            fetching = asyncio.ensure_future(self._steps.get_many.aio(FETCHED_STEPS, partition=partition))
            try:
                either: list[asyncio.Future[Any]] = [result, fetching]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait([fetching], timeout=LATE_STEPS_SECONDS)
                if not fetching.done():
                    return
                for data in fetching.result():
                    if data == END:
                        return
                    on_step(data)
            except failures.Error as problem:  # the answer is still to come
                log.warning("steps were lost", problem=repr(problem))
                return
            finally:
                fetching.cancel()


async def _cancel(spawning: "asyncio.Future[Any]") -> None:
    """Cancels a call; where that fails, its own deadline ends it on Modal."""
    try:
        async with asyncio.timeout(CANCEL_SECONDS):
            await (await spawning).cancel.aio()
    except (failures.Error, TimeoutError) as problem:
        log.warning("a call on modal could not be cancelled", problem=repr(problem))


def _as_service_error(problem: failures.Error) -> ServiceError:
    if isinstance(problem, failures.FunctionTimeoutError):
        return deadline_exceeded()
    if isinstance(problem, failures.ResourceExhaustedError):
        return Exhausted("QUEUE_FULL", "The models' queue is full.", retry_after_seconds=2)
    if isinstance(problem, _UNAVAILABLE):
        return Unavailable("MODAL_UNAVAILABLE", "The models do not answer at the moment.")
    log.error("modal failed", problem=repr(problem))
    return internal()


def _explanation(problem: Exception) -> str:
    """What the app's answer or Modal itself says, in one line for operators."""
    cause = problem.__cause__ if isinstance(problem.__cause__, _MISCONFIGURED) else problem
    if isinstance(cause, TimeoutError):
        return "no container has started in time"
    text = cause.message if isinstance(cause, ServiceError) else f"{type(cause).__name__}: {cause}"
    return " ".join(text.split())[:300]
