"""Modal in miniature: real gRPC to the real client, one container, calls that run where they are.

It answers the few requests of Modal's API that spawning, waiting, cancelling and queues consist of. What a container
would run comes from the app itself, through Modal's own `local`.
"""

import asyncio
import itertools
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, TypeVar

import grpclib
import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpclib.const import Handler
from grpclib.server import Server, Stream
from modal._serialization import deserialize, serialize
from modal_proto import api_pb2
from modal_proto.api_grpc import ModalClientBase

Value = TypeVar("Value")
Method: TypeAlias = Callable[[bytes], Awaitable[bytes]]
Answer: TypeAlias = Callable[[Any], Awaitable[Message]]

INLINE_BYTES: Final = 1 << 27
"""Inputs up to here travel in the call; Modal itself takes 8 KiB there and longer ones through its blob store."""


class ModalServer:
    """One app with one class. Everything but `started` and `ended` belongs to the server's own event loop."""

    def __init__(self, app: str, methods: Mapping[str, Method], loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop
        self._methods = methods
        self._calls: dict[str, asyncio.Task[bytes]] = {}
        self._queues: dict[bytes, deque[bytes]] = defaultdict(deque)
        self._put = asyncio.Condition()
        self._numbers = itertools.count(1)
        self.started: list[str] = []
        """Methods, in the order of their calls."""
        self.ended: list[str] = []
        """`done`, `failed` or `cancelled`, in the order of the calls' ends."""
        self.broken = False
        """Refuses every call, as if Modal were away."""
        self._arrived, self._open = threading.Event(), threading.Event()
        self._open.set()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Runs a coroutine where the methods run, from another thread; 300 seconds are for models that load."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=300)

    @contextmanager
    def holding_calls(self) -> Iterator[threading.Event]:
        """Answers no call for the length of the block; the event says that one has arrived."""
        self._arrived.clear()
        self._open.clear()
        try:
            yield self._arrived
        finally:
            self._open.set()

    def __mapping__(self) -> dict[str, Handler]:
        """Modal's whole API for grpclib: what is not here is refused."""
        answers = self.answers()
        api = dict.fromkeys(ModalClientBase.__abstractmethods__)
        whole: dict[str, Handler] = type("Whole", (ModalClientBase,), api)().__mapping__()
        return {
            path: handler._replace(func=_handling(answers.get(path.rpartition("/")[2], _refused)))
            for path, handler in whole.items()
        }

    def answers(self) -> dict[str, Answer]:
        """What is answered, by the request's name."""
        return {
            "ClientHello": self._client_hello,
            "ClassGet": self._class_get,
            "FunctionGet": self._function_get,
            "FunctionMap": self._function_map,
            "FunctionGetOutputs": self._function_get_outputs,
            "FunctionCallCancel": self._function_call_cancel,
            "QueueGetOrCreate": self._queue_get_or_create,
            "QueuePut": self._queue_put,
            "QueueGet": self._queue_get,
        }

    async def _client_hello(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        return api_pb2.ClientHelloResponse()

    async def _class_get(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        self._require_app(request.app_name)
        return api_pb2.ClassGetResponse(class_id="cs-1")

    async def _function_get(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        self._require_app(request.app_name)
        kind = api_pb2.Function.FUNCTION_TYPE_FUNCTION
        methods = {
            name: api_pb2.FunctionHandleMetadata(
                function_name=f"{request.object_tag}.{name}",
                function_type=kind,
                is_method=True,
                use_method_name=name,
                max_async_object_size_bytes=INLINE_BYTES,
                max_object_size_bytes=INLINE_BYTES,
            )
            for name in self._methods
        }
        whole = api_pb2.FunctionHandleMetadata(
            function_name=request.object_tag, function_type=kind, method_handle_metadata=methods
        )
        definition = api_pb2.FunctionData(ranked_functions=[api_pb2.FunctionData.RankedFunction(rank=0)])
        return api_pb2.FunctionGetResponse(function_id="fu-1", handle_metadata=whole, function=definition)

    async def _function_map(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        self._arrived.set()
        await asyncio.to_thread(self._open.wait)
        if self.broken:
            raise grpclib.GRPCError(grpclib.Status.INTERNAL, "away")
        (item,) = request.pipelined_inputs
        (arguments, _keywords) = deserialize(item.input.args, None)
        call = f"fc-{next(self._numbers)}"
        self.started.append(item.input.method_name)
        self._calls[call] = asyncio.create_task(self._run(item.input.method_name, *arguments))
        put = api_pb2.FunctionPutInputsResponseItem(idx=0, input_id=f"in-{call}")
        return api_pb2.FunctionMapResponse(function_call_id=call, pipelined_inputs=[put])

    async def _function_get_outputs(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        call = self._calls[request.function_call_id]
        await asyncio.wait([call], timeout=request.timeout)
        outputs = []
        if call.done():
            outputs = [api_pb2.FunctionGetOutputsItem(result=_result(call), data_format=api_pb2.DATA_FORMAT_PICKLE)]
        return api_pb2.FunctionGetOutputsResponse(outputs=outputs, num_unfinished_inputs=1 - len(outputs))

    async def _function_call_cancel(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        self._calls[request.function_call_id].cancel()
        return Empty()

    async def _queue_get_or_create(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        return api_pb2.QueueGetOrCreateResponse(queue_id="qu-1")

    async def _queue_put(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        async with self._put:
            self._queues[request.partition_key].extend(request.values)
            self._put.notify_all()
        return Empty()

    async def _queue_get(self, request: Any) -> Message:  # noqa: ANN401 - Modal's messages
        waiting = self._queues[request.partition_key]
        async with self._put:
            await self._put.wait_for(lambda: waiting)
            values = [waiting.popleft() for _ in range(min(len(waiting), request.n_values))]
        return api_pb2.QueueGetResponse(values=values)

    async def _run(self, method: str, request: bytes) -> bytes:
        ending = "failed"
        try:
            answer = await self._methods[method](request)
            ending = "done"
            return answer
        except asyncio.CancelledError:
            ending = "cancelled"
            raise
        finally:
            self.ended.append(ending)

    def _require_app(self, name: str) -> None:
        if name != self._app:
            raise grpclib.GRPCError(grpclib.Status.NOT_FOUND, f"App '{name}' not found")


async def _refused(_request: Any) -> Message:  # noqa: ANN401 - Modal's messages
    raise grpclib.GRPCError(grpclib.Status.UNIMPLEMENTED, "not in this miniature")


def _handling(answer: Answer) -> Callable[[Stream[Any, Any]], Awaitable[None]]:
    async def handle(stream: Stream[Any, Any]) -> None:
        await stream.send_message(await answer(await stream.recv_message()))

    return handle


def _result(call: asyncio.Task[bytes]) -> api_pb2.GenericResult:
    if call.cancelled():
        return api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_TERMINATED, exception="cancelled")
    if problem := call.exception():
        status = api_pb2.GenericResult.GENERIC_STATUS_FAILURE
        return api_pb2.GenericResult(status=status, exception=repr(problem))
    return api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS, data=serialize(call.result()))


@contextmanager
def modal_server(app: str, methods: Mapping[str, Method]) -> Iterator[ModalServer]:
    """An app that is deployed, for the length of the block."""
    loop = asyncio.new_event_loop()
    with serving(ModalServer(app, methods, loop), loop) as service:
        yield service


Service = TypeVar("Service", bound=ModalServer)


@contextmanager
def serving(service: Service, loop: asyncio.AbstractEventLoop) -> Iterator[Service]:
    """Runs the loop on a thread of its own, and tells Modal's client of the service for the length of the block."""
    thread = threading.Thread(target=loop.run_forever, name="modal-miniature")
    thread.start()
    try:
        listening = socket.create_server(("127.0.0.1", 0))
        server = service.run(_started(service, listening))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODAL_SERVER_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
            patch.setenv("MODAL_TOKEN_ID", "ak-test")
            patch.setenv("MODAL_TOKEN_SECRET", "as-test")
            with forgotten_client():
                yield service
        service.run(_stopped(server))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started(service: ModalServer, listening: socket.socket) -> Server:
    server = Server([service])
    await server.start(sock=listening)
    return server


async def _stopped(server: Server) -> None:
    server.close()
    await server.wait_closed()


@contextmanager
def forgotten_client() -> Iterator[None]:
    """Closes the client that Modal keeps for the process, before and after: the next one reads the environment anew."""
    _forget_client()
    try:
        yield
    finally:
        _forget_client()


def _forget_client() -> None:
    if modal.client._Client._client_from_env is not None:
        with ThreadPoolExecutor(1) as thread:  # Modal warns where its blocking side is used beside an event loop
            thread.submit(lambda: modal.Client.from_env().close()).result()
