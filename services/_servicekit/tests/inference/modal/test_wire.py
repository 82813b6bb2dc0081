"""What travels to Modal and back: types that are checked, arrays that are bounded, errors that stay what they were."""

import zlib
from dataclasses import dataclass
from typing import Any

import grpc
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from servicekit.errors import DeadlineExceeded, Exhausted, FailedPrecondition, InvalidArgument, ServiceError
from servicekit.inference.modal.wire import LARGEST_ARRAY, Failure, error, failure, pack, unpack


@dataclass(frozen=True, kw_only=True)
class Picture:
    pixels: NDArray[np.uint8]
    inside: NDArray[np.bool_] | None = None


class Loose(msgspec.Struct):
    """What a peer may say that does not keep to the types."""

    pixels: Any


@pytest.mark.parametrize("shape", [(3, 5, 3), (1, 1), (0, 4), (7,)])
def test_arrays_come_back_as_they_were(shape: tuple[int, ...]) -> None:
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    inside = np.asfortranarray(pixels > 3)
    back = unpack(pack(Picture(pixels=pixels, inside=inside)), Picture)
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.pixels.flags.writeable
    assert back.inside is not None
    np.testing.assert_array_equal(back.inside, inside)


def test_kinds_of_numbers_that_are_not_said_are_left_open() -> None:
    sent: list[NDArray[Any]] = [np.array([1.5], dtype=np.float32), np.array([2], dtype=np.int64)]
    back = unpack(pack(sent), list[NDArray[Any]])
    assert [(one.dtype, one.tolist()) for one in back] == [(one.dtype, one.tolist()) for one in sent]


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (["<f4", [2], zlib.compress(b"12345678")], "an array of float32, not uint8"),
        (["|O", [1], zlib.compress(b"12345678")], "an array of object, not uint8"),
        (["soup", [1], zlib.compress(b"1")], "'soup' is no type of numbers"),
        (["|u1", [-1], zlib.compress(b"1")], "an array of shape"),
        (["|u1", [1 << 40, 1 << 40], zlib.compress(b"1")], "an array of shape"),
        (["|u1", [LARGEST_ARRAY + 1], zlib.compress(b"1")], "an array of shape"),
        (["|u1", [4], zlib.compress(b"123")], "of another size than its shape"),
        (["|u1", [4], zlib.compress(b"1" * 10_000_000)], "of another size than its shape"),
        (["|u1", [4], zlib.compress(b"1234")[:-6]], "of another size than its shape"),
        (["|u1", [4], b"not zlib"], "bytes are damaged"),
        ("a text", "Expected `array`"),
    ],
)
def test_an_array_that_is_none_is_refused_by_its_field(sent: Any, wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=wrong) as caught:
        unpack(pack(Loose(pixels=sent)), Picture)
    assert "$.pixels" in str(caught.value)


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        unpack(b"\xff\x00junk", Picture)


def test_what_has_no_form_is_refused_where_it_is_sent() -> None:
    with pytest.raises(NotImplementedError, match="Random has no form"):
        pack([__import__("random").Random()])


@pytest.mark.parametrize(
    "raised",
    [
        Exhausted("OUT_OF_MEMORY", "Full.", retry_after_seconds=5),
        DeadlineExceeded("DEADLINE_EXCEEDED", "Late."),
        FailedPrecondition("NOTHING_TO_RESTYLE", "Nothing."),
        InvalidArgument("OUT_OF_RANGE", "No.", field="strength"),
        ServiceError("ODD", "Odd.", code=grpc.StatusCode.DATA_LOSS),
    ],
)
def test_errors_stay_what_they_were(raised: ServiceError) -> None:
    back = error(unpack(pack(failure(raised)), Failure))
    assert type(back) is type(raised)
    assert (back.code, back.reason, back.message) == (raised.code, raised.reason, raised.message)
    assert back.metadata == raised.metadata
    assert back.retry_after_seconds == raised.retry_after_seconds


def test_a_code_that_does_not_exist_is_internal() -> None:
    assert error(Failure(code="SOUP", reason="X", message="x")).code is grpc.StatusCode.INTERNAL
