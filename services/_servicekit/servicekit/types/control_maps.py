"""Kinds of control maps, and their values on the wire."""

from enum import StrEnum

from modomo.type.v1 import control_map_pb2


class MapKind(StrEnum):
    """What a control map shows; modomo.type.v1.ControlMapKind says how."""

    DEPTH = "depth"
    CANNY = "canny"
    SEGMENTATION = "segmentation"
    CONFIDENCE = "confidence"


def map_kind_to_proto(kind: MapKind) -> control_map_pb2.ControlMapKind.ValueType:
    """The enum value on the wire."""
    return control_map_pb2.ControlMapKind.Value(f"CONTROL_MAP_KIND_{kind.name}")


def map_kind_from_proto(value: control_map_pb2.ControlMapKind.ValueType) -> MapKind | None:
    """The kind behind a wire value; None for unspecified, and for one that this version lacks."""
    return next((kind for kind in MapKind if map_kind_to_proto(kind) == value), None)
