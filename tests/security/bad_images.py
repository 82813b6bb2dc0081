"""Files that are almost pictures: our own ones, damaged in many ways, and some made by hand to do harm.

The same seed gives the same files.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from PIL import Image
from pillow_heif import register_heif_opener

from tests.fixtures.image_files import saved
from tests.fixtures.sample_room import sample_room
from tests.security.hostile_images import hostile, largest

SIZE: Final = (480, 360)


@dataclass(frozen=True, kw_only=True)
class BadImage:
    """One file."""

    name: str
    """What was done to what."""

    data: bytes


def corpus(count: int, *, seed: int = 1, with_largest: bool = False) -> Iterator[BadImage]:
    """So many files: those made by hand, then damaged ones."""
    made = chain(largest() if with_largest else (), hostile())
    by_hand = (BadImage(name=name, data=data) for name, data in made)
    return islice(chain(by_hand, _damaged(random.Random(seed))), count)


def _damaged(chance: random.Random) -> Iterator[BadImage]:
    sound = sound_images()
    while True:
        kind = chance.choice(sorted(sound))
        data, steps = sound[kind], []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            name, damage = chance.choice(DAMAGES)
            data = damage(data, chance) if data else data
            steps.append(name)
        if data.startswith(b"\x89PNG") and chance.random() < 0.5:
            data = _with_checksums(data)
            steps.append("checksums")
        if steps.count("splice") and chance.random() < 0.5:
            data += sound[chance.choice(sorted(sound))]
        yield BadImage(name=f"{kind}: {', '.join(steps)}", data=data)


def sound_images() -> dict[str, bytes]:
    """Our sample room in every format and flavour that is taken, with metadata, and some that are not."""
    register_heif_opener()
    with Image.open(io.BytesIO(sample_room())) as photo:
        picture = photo.convert("RGB").resize(SIZE)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRET-PLACE"
    clear = picture.convert("RGBA")
    clear.putalpha(picture.convert("L"))
    flavours: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "jpeg": (picture, "JPEG", {"quality": 85, "exif": exif, "comment": b"SECRET-NAME"}),
        "progressive jpeg": (picture, "JPEG", {"progressive": True, "exif": exif}),
        "cmyk jpeg": (picture.convert("CMYK"), "JPEG", {}),
        "grey jpeg": (picture.convert("L"), "JPEG", {}),
        "png": (picture, "PNG", {"exif": exif}),
        "rgba png": (clear, "PNG", {}),
        "palette png": (picture.quantize(64), "PNG", {"transparency": 3}),
        "grey png": (picture.convert("L"), "PNG", {}),
        "16-bit png": (picture.convert("L").convert("I;16"), "PNG", {}),
        "webp": (picture, "WEBP", {"quality": 70, "exif": exif, "method": 0}),
        "lossless webp": (picture, "WEBP", {"lossless": True, "method": 0, "quality": 10}),
        "rgba webp": (clear, "WEBP", {"quality": 70, "exif": exif, "method": 0}),
        "animated webp": (picture, "WEBP", {"save_all": True, "append_images": [clear], "method": 0}),
        "heic": (picture, "HEIF", {"quality": 50, "exif": exif.tobytes()}),
        "gif": (picture, "GIF", {}),
        "tiff": (picture, "TIFF", {}),
        "bmp": (picture.resize((300, 260)), "BMP", {}),
    }
    return {name: saved(picture, kind, **options) for name, (picture, kind, options) in flavours.items()}


def _place(data: bytes, chance: random.Random) -> int:
    """Half of the time in the first kilobyte, where headers lie."""
    return chance.randrange(min(len(data), 1024) if chance.random() < 0.5 else len(data))


def _flip(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        damaged[_place(data, chance)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _overwrite(data: bytes, chance: random.Random) -> bytes:
    place, length = _place(data, chance), chance.choice((1, 4, 64, 1024))
    fill = chance.choice((b"\x00", b"\xff", b"\x80", chance.randbytes(1))) * length
    return data[:place] + fill[: len(data) - place] + data[place + length :]


def _extreme(data: bytes, chance: random.Random) -> bytes:
    """A number that is as large, or as negative, as it can be."""
    place = _place(data, chance)
    number = struct.pack(chance.choice((">I", "<I")), chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 65535)))
    return data[:place] + number + data[place + 4 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: _place(data, chance)]


def _drop(data: bytes, chance: random.Random) -> bytes:
    place = _place(data, chance)
    return data[:place] + data[place + chance.choice((1, 7, 500, 5000)) :]


def _insert(data: bytes, chance: random.Random) -> bytes:
    place = _place(data, chance)
    return data[:place] + chance.randbytes(chance.choice((1, 3, 100, 4000))) + data[place:]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    place, length = _place(data, chance), chance.choice((2, 60, 2000))
    return data[:place] + data[place : place + length] * chance.choice((2, 50)) + data[place + length :]


def _splice(data: bytes, chance: random.Random) -> bytes:
    """The end of the file somewhere else in it."""
    return data[: _place(data, chance)] + data[_place(data, chance) :]


DAMAGES: Final[tuple[tuple[str, Callable[[bytes, random.Random], bytes]], ...]] = (
    ("flip", _flip),
    ("overwrite", _overwrite),
    ("extreme", _extreme),
    ("cut", _cut),
    ("drop", _drop),
    ("insert", _insert),
    ("repeat", _repeat),
    ("splice", _splice),
)


def _with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks are believed, whatever is in them."""
    fixed, position = bytearray(data), 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(data[position + 4 : end]))
        position = end + 4
    return bytes(fixed)
