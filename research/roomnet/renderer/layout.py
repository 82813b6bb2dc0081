"""Memory layouts shared with `csrc/scene.h`: a field here is a field there, in the same order."""

import ctypes
from typing import Final

import numpy as np

MATERIAL: Final = np.dtype(
    [
        ("texture", "i4"),
        ("seed", "u4"),
        ("colour", "f4", (3, 3)),
        ("size", "f4", 2),
        ("detail", "f4", 2),
        ("roughness", "f4"),
        ("specular", "f4"),
        ("metal", "f4"),
        ("translucency", "f4"),
        ("clear", "f4"),
        ("emission", "f4", 3),
        ("bump", "f4"),
    ]
)

LIGHT: Final = np.dtype(
    [
        ("kind", "i4"),
        ("corner", "f4", 3),
        ("edge_u", "f4", 3),
        ("edge_v", "f4", 3),
        ("radius", "f4"),
        ("radiance", "f4", 3),
    ]
)

SKY: Final = np.dtype(
    [
        ("zenith", "f4", 3),
        ("horizon", "f4", 3),
        ("haze", "f4", 3),
        ("ground", "f4", 3),
        ("foliage", "f4", 3),
        ("daylight", "f4", 3),
        ("sun_direction", "f4", 3),
        ("sun", "f4", 3),
        ("sun_radius", "f4"),
        ("skyline", "f4"),
        ("houses", "f4"),
        ("above_ground", "f4"),
        ("close", "i4"),
        ("seed", "u4"),
    ]
)

CAMERA: Final = np.dtype(
    [
        ("eye", "f4", 3),
        ("right", "f4", 3),
        ("up", "f4", 3),
        ("forward", "f4", 3),
        ("axis", "f4", 3),
        ("width", "i4"),
        ("height", "i4"),
    ]
)

OPTIONS: Final = np.dtype(
    [
        ("first_sample", "i4"),
        ("samples", "i4"),
        ("bounces", "i4"),
        ("threads", "i4"),
        ("every_light", "i4"),
        ("seed", "u4"),
        ("clamp", "f4"),
        ("ambient", "f4", 3),
    ]
)

SUMS: Final = ("direct", "indirect", "other", "albedo", "normal", "square_direct", "square_indirect", "square_other")
"""What is summed over samples; `square_` of a luminance, the rest three numbers a pixel."""


class Sums(ctypes.Structure):
    """Pointers to the sums over samples that `render` adds to."""

    _fields_ = tuple((name, ctypes.c_void_p) for name in SUMS)
