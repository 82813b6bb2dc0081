"""Server reflection under both of its names: newer clients ask `v1` alone, older ones `v1alpha`.

The messages of the two are the same on the wire; grpcio-reflection has `v1alpha`. It is loaded when somebody asks: few
processes are ever asked, and with what it needs it takes 3 MB.
"""

from collections.abc import Sequence
from typing import Any, Final

import grpc

V1_NAME: Final = "grpc.reflection.v1.ServerReflection"
V1ALPHA_NAME: Final = "grpc.reflection.v1alpha.ServerReflection"
_METHODS: Final = frozenset({f"/{name}/ServerReflectionInfo" for name in (V1_NAME, V1ALPHA_NAME)})


def enable(names: Sequence[str], server: grpc.aio.Server) -> None:
    """Lets clients list these services, by their full names, and both of reflection itself."""
    server.add_generic_rpc_handlers((_Reflection([*names, V1ALPHA_NAME, V1_NAME]),))


class _Reflection(grpc.GenericRpcHandler):
    """Answers both names."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._handler: grpc.RpcMethodHandler[Any, Any] | None = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """The handler of a call to either, None for any other."""
        if handler_call_details.method not in _METHODS:
            return None
        if self._handler is None:
            self._handler = _handler(self._names)
        return self._handler


def _handler(names: Sequence[str]) -> "grpc.RpcMethodHandler[Any, Any]":
    from grpc_reflection.v1alpha import reflection, reflection_pb2  # noqa: PLC0415 - when somebody asks

    _describe_v1(reflection_pb2.DESCRIPTOR)
    return grpc.stream_stream_rpc_method_handler(
        reflection.aio.ReflectionServicer(names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )


def _describe_v1(v1alpha: Any) -> None:  # noqa: ANN401 - protobuf's class of it depends on how it was built
    """Adds `v1` to what is known of all services, for clients that ask how it is called."""
    from google.protobuf import descriptor_pool, text_format  # noqa: PLC0415 - when somebody asks
    from google.protobuf.descriptor_pb2 import FileDescriptorProto  # noqa: PLC0415 - as above

    file = FileDescriptorProto()
    v1alpha.CopyToProto(file)
    file = text_format.Parse(text_format.MessageToString(file).replace("v1alpha", "v1"), FileDescriptorProto())
    pool = descriptor_pool.Default()  # type: ignore[no-untyped-call]  # protobuf's own stubs lack it
    pool.AddSerializedFile(file.SerializeToString())  # a second time changes nothing
