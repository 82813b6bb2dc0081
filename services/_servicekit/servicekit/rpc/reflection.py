"""Server reflection under both of its names: newer clients ask `v1` alone, older ones `v1alpha`.

The messages of the two are the same on the wire; grpcio-reflection has `v1alpha`.
"""

from collections.abc import Sequence
from typing import Final

import grpc
from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection, reflection_pb2

V1_NAME: Final = reflection.SERVICE_NAME.replace("v1alpha", "v1")
_METHOD: Final = "ServerReflectionInfo"


def enable(names: Sequence[str], server: grpc.aio.Server) -> None:
    """Lets clients list these services, by their full names, and both of reflection itself."""
    names = [*names, reflection.SERVICE_NAME, V1_NAME]
    reflection.enable_server_reflection(names, server)
    _describe_v1()
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.aio.ReflectionServicer(names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(V1_NAME, {_METHOD: handler}),))


def _describe_v1() -> None:
    """Adds `v1` to what is known of all services, for clients that ask how it is called."""
    file = FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)  # type: ignore[no-untyped-call]  # protobuf's own stubs lack it
    file = text_format.Parse(text_format.MessageToString(file).replace("v1alpha", "v1"), FileDescriptorProto())
    pool = descriptor_pool.Default()  # type: ignore[no-untyped-call]  # as above
    pool.AddSerializedFile(file.SerializeToString())  # a second time changes nothing
