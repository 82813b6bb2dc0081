"""ICC profiles (ICC.1:2022): made for RGB spaces of known primaries and gamma, and freed of what costs time."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Vector: TypeAlias = tuple[float, float, float]
Matrix: TypeAlias = tuple[Vector, Vector, Vector]

_D50: Final[Vector] = (0.9642, 1.0, 0.8249)
_BRADFORD: Final[Matrix] = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_SRGB_GAMMA: Final = 1 / 2.2
_SRGB_TOLERANCE: Final = 0.05
"""Share by which a file's gamma may differ and still mean sRGB, as libpng has it."""
_CLOSE: Final = 0.005
_TAGS: Final = 132
"""Where the table of tags begins, 12 bytes each."""


@dataclass(frozen=True, kw_only=True)
class Chromaticities:
    """CIE 1931 x and y of an RGB space."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


SRGB: Final = Chromaticities(white=(0.3127, 0.329), red=(0.64, 0.33), green=(0.3, 0.6), blue=(0.15, 0.06))


def gamma_profile(space: Chromaticities, *, file_gamma: float) -> bytes:
    """A matrix profile; empty for what is sRGB, or for numbers that no RGB space has.

    `file_gamma` is the exponent from light to samples, as PNG's `gAMA` has it: 1 for linear samples, 0.45455 for sRGB.
    """
    if not 0.01 <= file_gamma <= 10:
        return b""
    if abs(file_gamma / _SRGB_GAMMA - 1) <= _SRGB_TOLERANCE and _is_srgb(space):
        return b""
    try:
        colorants = _colorants(space)
    except ZeroDivisionError:
        return b""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, min(0xFFFF, round(256 / file_gamma)))
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 4) + b"RGB\0" + bytes(79),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(_D50),
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, colorants), strict=True)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", offset + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp"
    )
    header += bytes(28) + struct.pack(">3i", *(round(value * 65536) for value in _D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def without_pipelines(profile: bytes) -> bytes:
    """The profile without its transforms of any number of steps (`D2B0`, 9.2.35, and its like), which few have.

    LittleCMS puts their steps together in quadratic time: a profile of 160 KB took 8 s, one of 4 MB would take an hour.
    It then takes the tables or curves that there must be as well.
    """
    if len(profile) < _TAGS:
        return profile
    content = bytearray(profile)
    (count,) = struct.unpack_from(">I", content, 128)
    for place in range(_TAGS, min(_TAGS + 12 * count, len(content) - 3), 12):
        if bytes(content[place : place + 3]) in (b"D2B", b"B2D"):
            content[place : place + 3] = b"xxx"
    return bytes(content)


def _is_srgb(space: Chromaticities) -> bool:
    def numbers(of: Chromaticities) -> tuple[float, ...]:
        return (*of.white, *of.red, *of.green, *of.blue)

    return all(abs(one - other) <= _CLOSE for one, other in zip(numbers(space), numbers(SRGB), strict=True))


def _colorants(space: Chromaticities) -> tuple[Vector, Vector, Vector]:
    """XYZ of red, green and blue under D50; raises ZeroDivisionError where they span no space."""
    primaries = [_from_xy(*xy) for xy in (space.red, space.green, space.blue)]
    white = _from_xy(*space.white)
    by_row = _transposed(primaries)
    scale = _product(_inverse(by_row), white)
    seen, wanted = _product(_BRADFORD, white), _product(_BRADFORD, _D50)
    adapted = []
    for share, primary in zip(scale, primaries, strict=True):
        cone = _product(_BRADFORD, primary)
        lit = (
            cone[0] * share * wanted[0] / seen[0],
            cone[1] * share * wanted[1] / seen[1],
            cone[2] * share * wanted[2] / seen[2],
        )
        adapted.append(_product(_inverse(_BRADFORD), lit))
    return adapted[0], adapted[1], adapted[2]


def _from_xy(x: float, y: float) -> Vector:
    return x / y, 1.0, (1 - x - y) / y


def _transposed(rows: Sequence[Vector]) -> Matrix:
    a, b, c = zip(*rows, strict=True)
    return a, b, c


def _product(matrix: Matrix, vector: Vector) -> Vector:
    x, y, z = (sum(one * other for one, other in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _inverse(matrix: Matrix) -> Matrix:
    """By cofactors."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / determinant, (c * h - b * i) / determinant, (b * f - c * e) / determinant),
        ((f * g - d * i) / determinant, (a * i - c * g) / determinant, (c * d - a * f) / determinant),
        ((d * h - e * g) / determinant, (b * g - a * h) / determinant, (a * e - b * d) / determinant),
    )


def _xyz(value: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(part * 65536) for part in value))
