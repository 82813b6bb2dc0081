"""Which parts of a photo must stay as they are."""

import asyncio
from collections.abc import Sequence

import numpy as np

from gateway.pipeline.run import Run
from gateway.upstream.detection import DetectedObject
from modomo.type.v1.image_pb2 import Mask
from servicekit.errors import FailedPrecondition
from servicekit.images import decode_mask, encode_mask
from servicekit.vocabulary import OPENINGS

_NAMED: int = 12
"""Ids that a refusal names at most."""


async def kept_region(run: Run, objects: Sequence[DetectedObject]) -> bytes:
    """Mask of everything to keep as PNG, empty for nothing; raises FailedPrecondition for an id that was not found."""
    kept = kept_objects(run, objects)
    if run.request.preferences.keep_furniture and not kept:
        run.warnings.append("No furniture was found that could be kept.")
    shape = (run.request.height, run.request.width)
    return await asyncio.to_thread(union, [one.mask for one in kept if one.mask], shape=shape)


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


def union(masks: Sequence[bytes], *, shape: tuple[int, int]) -> bytes:
    """Everything that is in any of the masks, which have the height and width of `shape`; empty for no mask."""
    if len(masks) <= 1:
        return b"".join(masks)
    inside = np.zeros(shape, bool)
    for mask in masks:
        inside |= decode_mask(Mask(png=mask), shape=shape)
    return encode_mask(inside).png
