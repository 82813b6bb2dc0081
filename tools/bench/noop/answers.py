"""The answers that cost nothing: made once, the same for every request."""

from functools import cache
from typing import Final

from PIL import Image as Pillow

from modomo.type.v1 import control_map_pb2, engine_pb2, geometry_pb2
from modomo.type.v1.image_pb2 import IMAGE_FORMAT_JPEG, IMAGE_FORMAT_PNG, Image, Mask
from servicekit.imaging.codec import to_jpeg, to_png

ENGINE: Final = engine_pb2.Engine(name="noop")
WIDTH: Final = 1024
HEIGHT: Final = 768
"""Of every answer: those of a photo as the gateway keeps it."""


@cache
def photo() -> Image:
    """A restyled photo of ordinary size."""
    ramp = Pillow.linear_gradient("L").transpose(Pillow.Transpose.ROTATE_90).resize((WIDTH, HEIGHT)).convert("RGB")
    data = to_jpeg(ramp, quality=92, subsampling="4:4:4")
    return Image(data=data, format=IMAGE_FORMAT_JPEG, width=WIDTH, height=HEIGHT)


@cache
def control_map(kind: control_map_pb2.ControlMapKind.ValueType) -> control_map_pb2.ControlMap:
    """A map of the photo's size."""
    black = to_png(Pillow.new("L", (WIDTH, HEIGHT)))
    image = Image(data=black, format=IMAGE_FORMAT_PNG, width=WIDTH, height=HEIGHT)
    return control_map_pb2.ControlMap(kind=kind, image=image)


@cache
def mask() -> Mask:
    """The left half."""
    region = Pillow.new("1", (WIDTH, HEIGHT))
    region.paste(1, (0, 0, WIDTH // 2, HEIGHT))
    return Mask(png=to_png(region))


def box() -> geometry_pb2.Box:
    """The left half."""
    return geometry_pb2.Box(left=0, top=0, right=WIDTH / 2, bottom=HEIGHT)
