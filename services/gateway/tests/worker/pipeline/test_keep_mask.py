"""Masks of what is kept."""

import numpy as np
import pytest

from gateway.worker.pipeline.keep_mask import union
from modomo.type.v1.image_pb2 import Mask
from servicekit.errors import InvalidArgument
from servicekit.imaging.images import decode_mask, encode_mask
from servicekit.types.objects import DetectedObject

SHAPE = (64, 96)


def _object(id_: str = "sofa-1", *, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> DetectedObject:
    return DetectedObject(id=id_, label="sofa", confidence=0.9, box=box)


def _region(rows: slice, columns: slice) -> np.ndarray:
    region = np.zeros(SHAPE, bool)
    region[rows, columns] = True
    return region


def test_nothing() -> None:
    assert union([], {}, shape=SHAPE) == b""


def test_overlapping_and_separate_regions() -> None:
    one, two = _region(slice(0, 20), slice(0, 20)), _region(slice(10, 64), slice(15, 40))
    masks = {"sofa-1": encode_mask(one).png, "sofa-2": encode_mask(two).png}
    kept = union([_object("sofa-1"), _object("sofa-2")], masks, shape=SHAPE)
    assert np.array_equal(decode_mask(Mask(png=kept), shape=SHAPE), one | two)


def test_object_without_a_mask_is_kept_with_its_box() -> None:
    kept = union([_object(box=(-3.0, 10.5, 20.2, 200.0))], {}, shape=SHAPE)
    assert np.array_equal(decode_mask(Mask(png=kept), shape=SHAPE), _region(slice(10, 64), slice(0, 21)))


def test_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="SIZE_MISMATCH"):
        union([_object()], {"sofa-1": encode_mask(np.ones((64, 64), bool)).png}, shape=SHAPE)
