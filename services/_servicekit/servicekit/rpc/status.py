"""ServiceError to google.rpc.Status and back, so that a reason survives every hop."""

import contextlib
import re
from typing import Final

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from servicekit.errors import DOMAIN, INTERNAL_MESSAGE, InvalidArgument, ServiceError

_TOO_LARGE: Final = re.compile(r"message larger than max \([0-9]+ vs\. ([0-9]+)\)")
"""What gRPC core says, and nothing else tells it from a lack of memory."""


def to_status(error: ServiceError) -> status_pb2.Status:
    """The wire form: code, public message and one ErrorInfo."""
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    return status_pb2.Status(code=error.code.value[0], message=error.message, details=[info])


def from_call(call: grpc.aio.AioRpcError) -> ServiceError:
    """A failed call as a ServiceError; without an ErrorInfo of ours, the code is the reason.

    A message that is too large for its receiver is refused by gRPC itself, before any code of ours sees it, and with a
    code that stands for what may pass: it becomes an INVALID_ARGUMENT that names the limit, and is not tried again.
    """
    with contextlib.suppress(ValueError, DecodeError):  # details that contradict the code, or no details at all
        status = rpc_status.from_call(call)  # type: ignore[arg-type]  # an AioRpcError has all that it reads
        for detail in status.details if status is not None else ():
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info) and info.domain == DOMAIN:
                return ServiceError(info.reason, status.message, code=call.code(), metadata=info.metadata)
    if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and (too_large := _TOO_LARGE.search(call.details() or "")):
        message = f"The message has more than {int(too_large[1]) // 2**20} MB."
        return InvalidArgument("MESSAGE_TOO_LARGE", message, field="message")
    return ServiceError(call.code().name, _public(call.code()), code=call.code())


def _public(code: grpc.StatusCode) -> str:
    """A public sentence for a code; the peer's own text may hold internals."""
    sentences = {
        grpc.StatusCode.UNAVAILABLE: "A part of the service does not answer at the moment.",
        grpc.StatusCode.DEADLINE_EXCEEDED: "This took too long.",
        grpc.StatusCode.RESOURCE_EXHAUSTED: "A part of the service is busy.",
        grpc.StatusCode.CANCELLED: "The request was cancelled.",
    }
    return sentences.get(code, INTERNAL_MESSAGE)
