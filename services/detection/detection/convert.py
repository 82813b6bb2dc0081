"""Wire messages to detection's own values and back."""

from detection.domain import Candidate, Query
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.type.v1 import geometry_pb2
from servicekit.errors import InvalidArgument
from servicekit.imaging.arrays import RGB
from servicekit.imaging.images import decode_rgb, encode_mask
from servicekit.types.objects import ObjectLabel


def photo(request: pb.DetectRequest) -> RGB:
    """The request's photo."""
    return decode_rgb(request.image)


def query(request: pb.DetectRequest) -> Query:
    """What the request looks for; raises InvalidArgument naming the field."""
    unknown = sorted(set(request.labels) - set(ObjectLabel))
    if unknown:
        raise InvalidArgument("UNKNOWN_LABEL", f"Unknown label: {unknown[0][:40]!r}.", field="labels")
    if not 0.0 <= request.min_confidence <= 1.0:
        raise InvalidArgument("OUT_OF_RANGE", "min_confidence must lie in 0–1.", field="min_confidence")
    return Query(
        labels=frozenset(ObjectLabel(label) for label in request.labels),
        min_confidence=request.min_confidence,
        masks=request.masks,
    )


def detection(id_: str, found: Candidate) -> pb.Detection:
    """One object on the wire."""
    box = found.box
    return pb.Detection(
        id=id_,
        label=found.label,
        confidence=found.confidence,
        box=geometry_pb2.Box(left=box.left, top=box.top, right=box.right, bottom=box.bottom),
        mask=encode_mask(found.mask) if found.mask is not None else None,
    )
