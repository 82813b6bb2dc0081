"""Messages between client and host: MessagePack, checked against the types it is read into, with compressed arrays.

No pickle: neither side runs what the other one sends.
"""

import math
import zlib
from typing import Any, Final, TypeVar, get_args

import grpc
import msgspec
import numpy as np

from servicekit.errors import ServiceError

Value = TypeVar("Value")

LARGEST_ARRAY: Final = 1 << 27
"""Bytes of one array, decompressed; more than the largest map of the largest photo."""

_KINDS: Final = {kind.default_code: kind for kind in ServiceError.__subclasses__()}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a method of the app."""

    body: bytes
    """Packed; the method knows its type."""

    deadline: float | None = None
    """Unix time after which nobody waits for the answer; both clocks are assumed to agree within a second."""

    steps: str = ""
    """Partition of the queue from which the caller reads steps; empty for none."""

    request_id: str = ""
    job_id: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A ServiceError as it is sent."""

    code: str
    """Name of its gRPC code."""
    reason: str
    message: str
    metadata: dict[str, str] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call: a packed answer, or a failure."""

    body: bytes = b""
    failure: Failure | None = None


class _Array(msgspec.Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


def pack(value: Any) -> bytes:  # noqa: ANN401 - dataclasses, structs, arrays, and lists of them
    """Dataclasses and structs with arrays in them, as bytes."""
    return msgspec.msgpack.encode(value, enc_hook=_packed)


def unpack(data: bytes, kind: type[Value]) -> Value:
    """Back from `pack`; raises msgspec.ValidationError naming the field that is not of `kind`."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_unpacked)


def failure(error: ServiceError) -> Failure:
    """The form in which an error is sent."""
    return Failure(code=error.code.name, reason=error.reason, message=error.message, metadata=error.metadata)


def error(failed: Failure) -> ServiceError:
    """Back from `failure`, as the subclass that its code stands for; an unknown code is INTERNAL."""
    code = grpc.StatusCode.__members__.get(failed.code, grpc.StatusCode.INTERNAL)
    made = (kind := _KINDS.get(code, ServiceError)).__new__(kind)
    ServiceError.__init__(made, failed.reason, failed.message, code=code, metadata=failed.metadata)
    return made


def _packed(value: object) -> _Array:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"{type(value).__name__} has no form on the wire")
    return _Array(value.dtype.str, value.shape, zlib.compress(np.ascontiguousarray(value).data, 1))


def _unpacked(kind: type, value: object) -> np.ndarray[Any, Any]:
    """An array of the scalar type that its annotation names; msgspec adds the field to what a ValueError says."""
    try:
        sent = msgspec.convert(value, _Array)
        dtype = np.dtype(sent.dtype)
    except msgspec.ValidationError as problem:
        raise ValueError(str(problem)) from problem
    except TypeError as problem:
        raise ValueError(f"{sent.dtype[:20]!r} is no type of numbers") from problem
    (scalar,) = get_args(get_args(kind)[1])
    if dtype.hasobject or (scalar is not Any and dtype != np.dtype(scalar)):
        raise ValueError(f"an array of {dtype}, not {scalar.__name__ if scalar is not Any else 'numbers'}")
    size = math.prod(sent.shape) * dtype.itemsize
    if min(sent.shape, default=0) < 0 or size > LARGEST_ARRAY:
        raise ValueError(f"an array of shape {sent.shape}")
    unzipped = zlib.decompressobj()
    try:
        data = unzipped.decompress(sent.data, size + 1)
    except zlib.error as problem:
        raise ValueError("an array whose bytes are damaged") from problem
    if len(data) != size or not (unzipped.eof or size == 0):
        raise ValueError(f"an array of another size than its shape {sent.shape}")
    return np.frombuffer(data, dtype=dtype).reshape(sent.shape).copy()  # writable, as torch wants it
