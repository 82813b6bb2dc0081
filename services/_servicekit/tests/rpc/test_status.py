"""ServiceError over the wire and back."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from grpc_status import rpc_status

from servicekit import errors
from servicekit.errors import ServiceError
from servicekit.rpc.status import from_call, to_status

EVERY_KIND = [
    errors.InvalidArgument("OUT_OF_RANGE", "strength must lie in 0–1.", field="strength"),
    errors.NotFound("JOB_NOT_FOUND", "No such job."),
    errors.Conflict("KEY_REUSED", "The key belongs to another request."),
    errors.FailedPrecondition("JOB_ENDED", "It has ended."),
    errors.Exhausted("QUEUE_FULL", "Too much to do.", retry_after_seconds=2.5),
    errors.Unavailable("STORE_DOWN", "Try again."),
    errors.DeadlineExceeded("TOO_SLOW", "Out of time."),
    errors.internal(),
]


def _as_call(error: ServiceError) -> AioRpcError:
    status = rpc_status.to_status(to_status(error))
    return AioRpcError(status.code, Metadata(), Metadata(*status.trailing_metadata), details=status.details)


@pytest.mark.parametrize("error", EVERY_KIND, ids=lambda error: error.reason)
def test_round_trip(error: ServiceError) -> None:
    back = from_call(_as_call(error))
    assert (back.code, back.reason, back.message, back.metadata) == (
        error.code,
        error.reason,
        error.message,
        error.metadata,
    )
    assert back.retryable == error.retryable


def test_what_may_be_tried_again() -> None:
    assert {error.reason for error in EVERY_KIND if error.retryable} == {"QUEUE_FULL", "STORE_DOWN", "TOO_SLOW"}


def test_peer_without_our_details_shows_no_internals() -> None:
    error = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), details="connect to 10.0.0.7:50051 failed")
    back = from_call(error)
    assert (back.code, back.reason) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    assert "10.0.0.7" not in back.message


@pytest.mark.parametrize("details", ["Too many pings: larger message", "larger than max", ""])
def test_a_lack_of_memory_may_pass(details: str) -> None:
    error = AioRpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, Metadata(), Metadata(), details=details)
    assert from_call(error).retryable


@pytest.mark.parametrize(
    "trailing", [("grpc-status-details-bin", b"\xff\xff\xff"), ("grpc-status-details-bin", b"\x08\x63\x12\x01x")]
)
def test_peer_with_broken_details(trailing: tuple[str, bytes]) -> None:
    error = AioRpcError(grpc.StatusCode.INTERNAL, Metadata(), Metadata(trailing), details="stack trace")
    assert from_call(error).message == errors.INTERNAL_MESSAGE
