"""Wire messages to controlmaps' own values and back."""

from collections.abc import Iterable, Sequence

import numpy as np

from controlmaps.domain import Classification, ControlMap, Pair, Quality, Segmentation
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.type.v1 import control_map_pb2
from servicekit.errors import InvalidArgument
from servicekit.imaging.arrays import RGB
from servicekit.imaging.codec import validate_shape
from servicekit.imaging.images import decode_grey, decode_mask, decode_rgb, encode_png
from servicekit.inference.engine import EngineInfo, info_to_proto
from servicekit.types import ade20k
from servicekit.types.colours import parse_palette, rgb
from servicekit.types.control_maps import MapKind, map_kind_from_proto, map_kind_to_proto
from servicekit.types.rooms import room_type_to_proto


def photo(request: pb.AnalyzeRequest) -> RGB:
    """The request's photo."""
    return decode_rgb(request.image)


def kinds(request: pb.AnalyzeRequest) -> tuple[MapKind, ...]:
    """The maps wanted, in the order asked for, all where none is named; raises InvalidArgument naming the field."""
    if request.rooms_only:
        if request.kinds:
            raise InvalidArgument("KINDS_UNWANTED", "No map is drawn where only rooms are wanted.", field="kinds")
        return ()
    wanted = []
    for wire in request.kinds:
        kind = map_kind_from_proto(wire)
        if kind is None:
            raise InvalidArgument("UNKNOWN_KIND", f"Unknown kind of control map: {int(wire)}.", field="kinds")
        if kind in wanted:
            raise InvalidArgument("DUPLICATE_KIND", f"{kind} is named twice.", field="kinds")
        wanted.append(kind)
    return tuple(wanted) or tuple(MapKind)


def palette(request: pb.AssessRequest) -> tuple[tuple[int, int, int], ...]:
    """The colours asked for, as sRGB 0–255; raises InvalidArgument naming the field."""
    return tuple(rgb(colour) for colour in parse_palette(request.palette, field="palette"))


def pair(request: pb.AssessRequest, colours: Sequence[tuple[int, int, int]], *, with_maps: bool) -> Pair:
    """The pair to compare, with the original's maps where those are wanted and sent.

    Raises InvalidArgument naming the field where a picture is unusable or sizes differ.
    """
    original = decode_rgb(request.original, field="original")
    result = decode_rgb(request.result, field="result")
    shape = original.shape[:2]
    validate_shape(result.shape[:2], shape, field="result")
    kept = decode_mask(request.kept, shape=shape, field="kept") if request.HasField("kept") else None
    return Pair(
        original=original,
        result=result,
        kept=kept,
        palette=np.array(colours, dtype=np.uint8).reshape(-1, 3),
        seen=_seen(request.maps, shape) if with_maps else None,
    )


def _seen(maps: Iterable[control_map_pb2.ControlMap], shape: tuple[int, int]) -> Segmentation | None:
    """The segmentation that maps of that height and width tell; None without one, or without how sure it is."""
    images = {map_kind_from_proto(one.kind): one.image for one in maps}
    drawn, sure = images.get(MapKind.SEGMENTATION), images.get(MapKind.CONFIDENCE)
    if drawn is None or sure is None:
        return None
    labels, confidence = ade20k.labels(decode_rgb(drawn, field="maps")), decode_grey(sure, field="maps")
    for plane in (labels, confidence):
        validate_shape(plane.shape[:2], shape, field="maps")
    if labels.max() >= ade20k.CLASSES:
        raise InvalidArgument("FIELD_INVALID", "maps holds a segmentation of other colours than ours.", field="maps")
    return Segmentation(labels=labels, confidence=np.asarray(confidence / 255, dtype=np.float32))


def rooms(found: Classification) -> list[pb.RoomProbability]:
    """Every type once, most probable first."""
    ranked = sorted(found.rooms.items(), key=lambda item: -item[1])
    return [pb.RoomProbability(room_type=room_type_to_proto(room), probability=value) for room, value in ranked]


def control_map(drawn: ControlMap) -> control_map_pb2.ControlMap:
    """One map on the wire."""
    return control_map_pb2.ControlMap(kind=map_kind_to_proto(drawn.kind), image=encode_png(drawn.pixels))


def quality(scores: Quality, judge: EngineInfo) -> pb.AssessResponse:
    """The scores on the wire."""
    return pb.AssessResponse(
        structure=scores.structure,
        palette=scores.palette,
        keep=scores.keep,
        sharpness=scores.sharpness,
        overall=scores.overall,
        engine=info_to_proto(judge),
    )
