"""Which parts of a photo must stay as they are."""

import asyncio
from collections.abc import Sequence
from math import ceil, floor
from typing import Final

import numpy as np

from gateway.pipeline.run import Run
from gateway.upstream.detection import DetectedObject
from modomo.type.v1.image_pb2 import Mask
from servicekit.errors import FailedPrecondition
from servicekit.images import decode_mask, encode_mask
from servicekit.vocabulary import OPENINGS

_NAMED: Final = 12
"""Ids that a refusal names at most."""


async def kept_region(run: Run, objects: Sequence[DetectedObject]) -> bytes:
    """Mask of everything to keep as PNG, empty for nothing; raises FailedPrecondition for an id that was not found."""
    kept = kept_objects(run, objects)
    if run.request.preferences.keep_furniture and not kept:
        run.warnings.append("No furniture was found that could be kept.")
    shape = (run.request.height, run.request.width)
    return await asyncio.to_thread(union, kept, shape=shape)


def kept_objects(run: Run, objects: Sequence[DetectedObject]) -> list[DetectedObject]:
    """The furniture where all of it is to stay, and whatever is named; raises FailedPrecondition as `kept_region`."""
    preferences = run.request.preferences
    unknown = sorted(set(preferences.keep) - {one.id for one in objects})
    if unknown:
        found = ", ".join(one.id for one in objects[:_NAMED]) or "nothing"
        raise FailedPrecondition(
            "UNKNOWN_DETECTION", f"There is no {unknown[0]} in this photo to keep. Found: {found}."
        )
    return [
        one
        for one in objects
        if one.id in preferences.keep or (preferences.keep_furniture and one.label not in OPENINGS)
    ]


def union(objects: Sequence[DetectedObject], *, shape: tuple[int, int]) -> bytes:
    """Mask of everything that is in any of the objects, of the height and width of `shape`; empty for no object.

    An object without a mask is kept with its whole box: rather too much than too little.
    """
    if not objects:
        return b""
    inside = np.zeros(shape, bool)
    for one in objects:
        if one.mask:
            inside |= decode_mask(Mask(png=one.mask), shape=shape)
        else:
            left, top, right, bottom = one.box
            inside[max(0, floor(top)) : max(0, ceil(bottom)), max(0, floor(left)) : max(0, ceil(right))] = True
    return encode_mask(inside).png
