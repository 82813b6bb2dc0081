"""A job's events as they happen, over WebSocket and as Server-Sent Events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import AbstractContextManager, ExitStack, aclosing, suppress
from typing import Annotated, Final, TypeAlias

import grpc
from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect, WebSocketState

from gateway.api.event_latency import DeliveryLatency
from gateway.api.http import origin_check, problem, query_parameters
from gateway.api.http.authorization import SECURED
from gateway.api.http.event_messages import EventMessages
from gateway.api.http.stream_access import StreamAccess
from gateway.api.public_address import PublicAddress
from gateway.api.transformations import Transformations
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.jobstore import Event
from servicekit.jobstore.sequence import validate_seq
from servicekit.observability import logs
from servicekit.rpc import context

log = logs.get(__name__)

CLOSE_DONE: Final = 1000
CLOSE_TRY_AGAIN: Final = 1013
CLOSE_MALFORMED: Final = 4400
CLOSE_UNKNOWN_CALLER: Final = 4401
CLOSE_NOT_ALLOWED: Final = 4403
CLOSE_UNKNOWN_JOB: Final = 4404

_CLOSE_CODES: Final = {
    grpc.StatusCode.NOT_FOUND: CLOSE_UNKNOWN_JOB,
    grpc.StatusCode.INVALID_ARGUMENT: CLOSE_MALFORMED,
    grpc.StatusCode.UNAUTHENTICATED: CLOSE_UNKNOWN_CALLER,
    grpc.StatusCode.PERMISSION_DENIED: CLOSE_NOT_ALLOWED,
}
_MAX_REASON_BYTES: Final = 123
"""RFC 6455, 5.5."""
_UNBUFFERED: Final = {"X-Accel-Buffering": "no"}
"""nginx passes each event on as it comes, whatever its settings."""
_SEND_SECONDS: Final = 10.0
"""A client that takes nothing for so long is gone, or as good as."""
_KEEP_ALIVE_SECONDS: Final = 15.0
_RETRY_MILLISECONDS: Final = 2000

_Messages: TypeAlias = AsyncGenerator[tuple[Event, str], None]
"""Events with their messages."""


def router(
    messages: EventMessages,
    transformations: Transformations,
    access: StreamAccess,
    address: PublicAddress,
    origins: Collection[str],
) -> APIRouter:
    """The endpoints. Pages of `origins`, and of the gateway's own, may open a WebSocket."""
    routes = APIRouter(tags=["events"])

    @routes.websocket("/ws/transform/{job_and_ticket:path}")
    async def watch(socket: WebSocket, job_and_ticket: str) -> None:
        base = address.base(socket)
        if not origin_check.allowed(socket.headers.get("origin", ""), base=base, others=origins):
            await socket.close()  # before it is accepted: the handshake is answered 403
            return
        await socket.accept()
        job_id, _, ticket = job_and_ticket.partition("/")
        try:
            query_parameters.validate(socket.query_params, {"after"})
            after = _seq(socket.query_params.get("after"), field="after")
            job_id, client = await access.authorize(job_id, ticket=ticket, connection=socket)
            with context.bound(job=job_id), access.limiter.one(client):
                await _pump(socket, messages.watch(job_id, after=after, base=base))
            code, reason = CLOSE_DONE, ""
        except ServiceError as error:
            code, reason = _CLOSE_CODES.get(error.code, CLOSE_TRY_AGAIN), error.message
        except WebSocketDisconnect:
            return
        if socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect):
                await socket.close(code, reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))

    @routes.get(
        "/transform/events/{job_id}",
        summary="A job's events as Server-Sent Events",
        response_class=Response,
        responses={
            200: {
                "description": "The events that follow, as they happen; ends after the terminal one.",
                "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/ServerSentEvent"}}},
            },
            204: {"description": "The job has ended and nothing follows: stop reconnecting."},
            **problem.documented(401, 403, 404, 422, 429, 503),
        },
        openapi_extra={"security": [*SECURED["security"], {"ticket": []}]},
    )
    async def events(
        request: Request,
        job_id: str,
        last_event_id: Annotated[str | None, Header(description="`seq` of the last event that was seen.")] = None,
        after: Annotated[str, Query(description="The same, for the first request; the header comes before it.")] = "",
        ticket: Annotated[str, Query(description="From `events_url`, in place of a key; good for one use.")] = "",
    ) -> Response:
        """The same messages as over WebSocket, `/ws/transform/{job_id}`, each with its `seq` as its id."""
        seen = _seq(last_event_id, field="Last-Event-ID") if last_event_id else _seq(after, field="after")
        job_id, client = await access.authorize(job_id, ticket=ticket, connection=request)
        ended = await transformations.ended(job_id)
        watch = messages.watch(job_id, after=seen, base=address.base(request))
        if ended:
            async with aclosing(watch):
                remaining = [message async for message in watch]
            if not remaining:
                return Response(status_code=204)
            watch = _replay(remaining)
        return _CountedStream(_server_sent(watch), access.limiter.one(client))

    return routes


class _CountedStream(StreamingResponse):
    """Counts as a stream from when it is made until it has ended, whether or not anything of it was sent."""

    def __init__(self, content: AsyncIterator[str], counted: AbstractContextManager[None]) -> None:
        super().__init__(content, media_type="text/event-stream", headers=_UNBUFFERED)
        self._counted = ExitStack()
        self._counted.enter_context(counted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._counted:
            await super().__call__(scope, receive, send)


async def _pump(socket: WebSocket, messages: _Messages) -> None:
    """Sends until the last message; raises WebSocketDisconnect where the client leaves or does not keep up."""
    sending = asyncio.create_task(_send(socket, messages))
    listening = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            raise WebSocketDisconnect
        sending.result()
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)


async def _send(socket: WebSocket, messages: _Messages) -> None:
    latency = DeliveryLatency("websocket")
    async with aclosing(messages):
        async for event, text in messages:
            try:
                async with asyncio.timeout(_SEND_SECONDS):
                    await socket.send_text(text)
                latency.observe(event)
            except TimeoutError as error:
                raise WebSocketDisconnect from error


async def _listen(socket: WebSocket) -> None:
    """Returns when the client has left. What it says means nothing, and is bounded by the server."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _server_sent(messages: _Messages) -> AsyncIterator[str]:
    """HTML Living Standard, 9.2; comments keep proxies from closing a quiet connection."""
    latency = DeliveryLatency("sse")
    yield f"retry: {_RETRY_MILLISECONDS}\n\n"
    async with aclosing(messages):
        upcoming = asyncio.ensure_future(anext(messages, None))
        try:
            while True:
                done, _ = await asyncio.wait((upcoming,), timeout=_KEEP_ALIVE_SECONDS)
                if not done:
                    yield ": still here\n\n"
                    continue
                message = upcoming.result()
                if message is None:
                    return
                event, text = message
                yield f"id: {event.seq}\ndata: {text}\n\n"
                latency.observe(event)
                upcoming = asyncio.ensure_future(anext(messages, None))
        except ServiceError as error:  # the client reconnects after the last event that it has
            log.warning("events end early", problem=str(error))
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)


async def _replay(messages: list[tuple[Event, str]]) -> _Messages:
    for message in messages:
        yield message


def _seq(text: str | None, *, field: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise InvalidArgument("FIELD_INVALID", f"{field} must be the seq of an event.", field=field)
    return validate_seq(int(text), field=field)
