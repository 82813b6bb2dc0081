"""Which parts of a photo must stay as they are."""

import asyncio
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Final

from PIL import Image as Pillow
from PIL import ImageChops

from gateway.clients.detection import Detections
from gateway.jobs.request import Preferences
from gateway.worker.pipeline.run import Run
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_PNG
from servicekit.errors import FailedPrecondition
from servicekit.imaging.codec import opened, to_png, validate_shape
from servicekit.types.modes import RoomMode
from servicekit.types.objects import CLUTTER, OPENINGS, DetectedObject

_NAMED: Final = 12
"""How many ids a refusal names at most."""
_NEARER_TO_WHITE: Final = [0] * 128 + [255] * 128
"""Black or white for each level of grey."""


def needs_masks(asked: Preferences) -> bool:
    """Whether a job uses the outlines of what is found: something stays as it is, or is taken away."""
    return bool(asked.keep) or asked.keep_furniture or asked.mode is RoomMode.DECLUTTER


async def kept_region(run: Run, found: Detections) -> bytes:
    """Mask of everything to keep as PNG, empty for nothing; raises FailedPrecondition for an id that was not found."""
    kept = kept_objects(run, found.objects)
    if run.request.preferences.keep_furniture and not kept:
        run.warnings.append("No furniture was found that could be kept.")
    if not kept:
        return b""
    shape = (run.request.height, run.request.width)
    return await asyncio.to_thread(union, kept, found.masks, shape=shape)


async def removed_region(run: Run, found: Detections) -> bytes:
    """Mask of what declutter removes as PNG, empty in every other mode.

    Raises FailedPrecondition where the photo holds nothing that may be removed.
    """
    if run.request.preferences.mode is not RoomMode.DECLUTTER:
        return b""
    clutter = [one for one in found.objects if one.label in CLUTTER and one.id not in run.request.preferences.keep]
    if not clutter:
        raise FailedPrecondition("NOTHING_TO_REMOVE", "Nothing was found in the photo that declutter removes.")
    return await asyncio.to_thread(union, clutter, found.masks, shape=(run.request.height, run.request.width))


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


def probably_kept(asked: Preferences, objects: Sequence[DetectedObject]) -> list[DetectedObject]:
    """As `kept_objects` where another engine has found them than the one whose ids the caller names.

    All the furniture stays where an id is not known: rather too much than too little.
    """
    known = {one.id for one in objects}
    everything = asked.keep_furniture or not set(asked.keep) <= known
    return [one for one in objects if one.id in asked.keep or (everything and one.label not in OPENINGS)]


def union(objects: Sequence[DetectedObject], masks: Mapping[str, bytes], *, shape: tuple[int, int]) -> bytes:
    """Mask of everything that is in any of the objects, of the height and width of `shape`; empty for no object.

    An object without a mask is kept with its whole box: rather too much than too little.
    """
    if not objects:
        return b""
    height, width = shape
    inside = Pillow.new("1", (width, height))
    for one in objects:
        if one.id in masks:
            inside = ImageChops.logical_or(inside, _mask(masks[one.id], shape))
        else:
            left, top, right, bottom = one.box
            box = max(0, floor(left)), max(0, floor(top)), min(width, ceil(right)), min(height, ceil(bottom))
            if box[0] < box[2] and box[1] < box[3]:
                inside.paste(1, box)
    return to_png(inside)


def _mask(png: bytes, shape: tuple[int, int]) -> Pillow.Image:
    """Mode `1`, true where the PNG is nearer to white; raises InvalidArgument where it is no mask of that shape."""
    with opened(png, IMAGE_FORMAT_PNG, field="mask", max_pixels=shape[0] * shape[1]) as picture:
        validate_shape((picture.height, picture.width), shape, field="mask")
        return picture.convert("L").point(_NEARER_TO_WHITE, "1")
