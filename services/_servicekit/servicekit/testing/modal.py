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
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, TypeVar

import grpclib
import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.server import Server, Stream
from modal._serialization import deserialize, serialize
from modal_proto import api_pb2
from modal_proto.api_grpc import ModalClientBase

Value = TypeVar("Value")
Method: TypeAlias = Callable[[bytes], Awaitable[bytes]]
AnyStream: TypeAlias = Stream[Any, Any]

INLINE_BYTES: Final = 1 << 27
"""Inputs up to here travel in the call; Modal itself takes 8 KiB there and longer ones through its blob store."""


async def _refused(_self: object, _stream: AnyStream) -> None:
    raise grpclib.GRPCError(grpclib.Status.UNIMPLEMENTED, "not in this miniature")


_Refusing: Any = type("_Refusing", (ModalClientBase,), dict.fromkeys(ModalClientBase.__abstractmethods__, _refused))
"""Every request of Modal's API, refused."""


class ModalServer(_Refusing):
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

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Runs a coroutine where the methods run, from another thread; 300 seconds are for models that load."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=300)

    async def ClientHello(self, stream: AnyStream) -> None:  # noqa: N802 - Modal's name, as all below
        """Lets everybody in."""
        await stream.recv_message()
        await stream.send_message(api_pb2.ClientHelloResponse())

    async def ClassGet(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Knows the one app's class."""
        request = await stream.recv_message()
        self._require_app(request.app_name)
        await stream.send_message(api_pb2.ClassGetResponse(class_id="cs-1"))

    async def FunctionGet(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Describes the class's methods."""
        request = await stream.recv_message()
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
        found = api_pb2.FunctionGetResponse(function_id="fu-1", handle_metadata=whole, function=definition)
        await stream.send_message(found)

    async def FunctionMap(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Starts a call."""
        request = await stream.recv_message()
        if self.broken:
            raise grpclib.GRPCError(grpclib.Status.INTERNAL, "away")
        (item,) = request.pipelined_inputs
        (arguments, _keywords) = deserialize(item.input.args, None)
        call = f"fc-{next(self._numbers)}"
        self.started.append(item.input.method_name)
        self._calls[call] = asyncio.create_task(self._run(item.input.method_name, *arguments))
        put = api_pb2.FunctionPutInputsResponseItem(idx=0, input_id=f"in-{call}")
        await stream.send_message(api_pb2.FunctionMapResponse(function_call_id=call, pipelined_inputs=[put]))

    async def FunctionGetOutputs(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Waits for a call for as long as it is asked to."""
        request = await stream.recv_message()
        call = self._calls[request.function_call_id]
        await asyncio.wait([call], timeout=request.timeout)
        outputs = (
            []
            if not call.done()
            else [api_pb2.FunctionGetOutputsItem(result=_result(call), data_format=api_pb2.DATA_FORMAT_PICKLE)]
        )
        response = api_pb2.FunctionGetOutputsResponse(outputs=outputs, num_unfinished_inputs=1 - len(outputs))
        await stream.send_message(response)

    async def FunctionCallCancel(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Cancels a call, as Modal does in the container."""
        request = await stream.recv_message()
        self._calls[request.function_call_id].cancel()
        await stream.send_message(Empty())

    async def QueueGetOrCreate(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Has one queue."""
        await stream.recv_message()
        await stream.send_message(api_pb2.QueueGetOrCreateResponse(queue_id="qu-1"))

    async def QueuePut(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Adds to a partition."""
        request = await stream.recv_message()
        async with self._put:
            self._queues[request.partition_key].extend(request.values)
            self._put.notify_all()
        await stream.send_message(Empty())

    async def QueueGet(self, stream: AnyStream) -> None:  # noqa: N802 - as above
        """Waits until a partition has something."""
        request = await stream.recv_message()
        waiting = self._queues[request.partition_key]
        async with self._put:
            await self._put.wait_for(lambda: waiting)
            values = [waiting.popleft() for _ in range(min(len(waiting), request.n_values))]
        await stream.send_message(api_pb2.QueueGetResponse(values=values))

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


def _result(call: asyncio.Task[bytes]) -> api_pb2.GenericResult:
    if call.cancelled():
        return api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_TERMINATED, exception="cancelled")
    if problem := call.exception():
        status = api_pb2.GenericResult.GENERIC_STATUS_FAILURE
        return api_pb2.GenericResult(status=status, exception=repr(problem))
    return api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS, data=serialize(call.result()))


@contextmanager
def modal_server(app: str, methods: Mapping[str, Method]) -> Iterator[ModalServer]:
    """Serves on a thread of its own, and tells Modal's client of it for the length of the block."""
    loop = asyncio.new_event_loop()
    service = ModalServer(app, methods, loop)
    thread = threading.Thread(target=loop.run_forever, name="modal-miniature")
    thread.start()
    try:
        listening = socket.create_server(("127.0.0.1", 0))
        server = service.run(_started(service, listening))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODAL_SERVER_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
            patch.setenv("MODAL_TOKEN_ID", "ak-test")
            patch.setenv("MODAL_TOKEN_SECRET", "as-test")
            yield service
            _forget_client()
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


def _forget_client() -> None:
    """Closes the client that Modal keeps for the process: the next one reads the environment anew."""
    if modal.client._Client._client_from_env is not None:
        modal.Client.from_env().close()
