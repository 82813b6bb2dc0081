"""The answers that cost nothing: made once, the same for every request."""

from functools import cache
from typing import Final

import numpy as np

from modomo.type.v1 import control_map_pb2, engine_pb2, geometry_pb2
from modomo.type.v1.image_pb2 import Image, Mask
from servicekit.imaging.images import encode_jpeg, encode_mask, encode_png

ENGINE: Final = engine_pb2.Engine(name="noop")
SIZE: Final = (768, 1024)
"""Height and width of every answer: those of a photo as the gateway keeps it."""


@cache
def photo() -> Image:
    """A restyled photo of ordinary size."""
    ramp = np.linspace(0, 255, SIZE[1], dtype=np.uint8)
    return encode_jpeg(np.broadcast_to(ramp[None, :, None], (*SIZE, 3)))


@cache
def control_map(kind: control_map_pb2.ControlMapKind.ValueType) -> control_map_pb2.ControlMap:
    """A map of the photo's size."""
    return control_map_pb2.ControlMap(kind=kind, image=encode_png(np.zeros(SIZE, dtype=np.uint8)))


@cache
def mask() -> Mask:
    """The left half."""
    region = np.zeros(SIZE, dtype=np.bool_)
    region[:, : SIZE[1] // 2] = True
    return encode_mask(region)


def box() -> geometry_pb2.Box:
    """The left half."""
    return geometry_pb2.Box(left=0, top=0, right=SIZE[1] / 2, bottom=SIZE[0])
