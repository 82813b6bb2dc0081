"""HEIC and AVIF files that are put together of tiles (ISO/IEC 23008-12, 6.6.2.3), of any number and claimed size."""

import struct
from dataclasses import dataclass
from typing import Final

from PIL import Image

from tests.fixtures.image_files import heic, saved

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Codec:
    """How a tile is coded."""

    item: bytes
    configuration: bytes
    brand: bytes


CODECS: Final = {
    "heic": Codec(item=b"hvc1", configuration=b"hvcC", brand=b"heic"),
    "avif": Codec(item=b"av01", configuration=b"av1C", brand=b"avif"),
}


def tile(kind: str, side: int) -> bytes:
    """A square picture of one colour, which takes a few kilobytes whatever its size."""
    picture = Image.new("RGB", (side, side), (90, 120, 60))
    return heic(picture) if kind == "heic" else saved(picture, "AVIF", speed=10)


def tiled(kind: str, coded: bytes, *, claimed: Size, rows: int, columns: int, size: Size) -> bytes:
    """A picture of `size` made of `rows` × `columns` tiles of the same bytes, each of which claims a size."""
    codec, count = CODECS[kind], rows * columns
    stream = _found(coded, b"mdat")[8:]
    numbers = range(2, 2 + count)
    grid = struct.pack(">4B2H", 0, 0, rows - 1, columns - 1, *size)
    kinds = [struct.pack(">HH4s", 1, 0, b"grid") + b"\0"]
    kinds += [struct.pack(">HH4s", number, 0, codec.item) + b"\0" for number in numbers]
    sizes = [_full(b"ispe", struct.pack(">2I", *one)) for one in (claimed, size)]
    properties = [_found(coded, codec.configuration), *sizes, _full(b"pixi", b"\3\x08\x08\x08")]
    has = struct.pack(">I", 1 + count) + struct.pack(">HBBB", 1, 2, 3, 4)
    has += b"".join(struct.pack(">HBBBB", number, 3, 0x81, 2, 4) for number in numbers)
    head = _box(b"ftyp", codec.brand + bytes(4) + b"mif1" + codec.brand)

    def meta(offset: int) -> bytes:
        places = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(grid))
        places += b"".join(struct.pack(">HHHHII", number, 0, 0, 1, offset, len(stream)) for number in numbers)
        inner = (
            _full(b"hdlr", struct.pack(">I4s", 0, b"pict") + bytes(13)),
            _full(b"pitm", struct.pack(">H", 1)),
            _full(b"iinf", struct.pack(">H", 1 + count) + b"".join(_full(b"infe", one, version=2) for one in kinds)),
            _full(b"iref", _box(b"dimg", struct.pack(f">HH{count}H", 1, count, *numbers))),
            _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", has)),
            _box(b"idat", grid),
            _full(b"iloc", struct.pack(">BBH", 0x44, 0, 1 + count) + places, version=1),
        )
        return _full(b"meta", b"".join(inner))

    return head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", stream)


def claiming(coded: bytes, size: Size) -> bytes:
    """A picture that is no grid and claims another size than it is coded in."""
    place = coded.index(b"ispe") + 8
    return coded[:place] + struct.pack(">2I", *size) + coded[place + 8 :]


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _full(name: bytes, body: bytes, *, version: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24) + body)


def _found(data: bytes, name: bytes) -> bytes:
    start = data.index(name) - 4
    return data[start : start + int.from_bytes(data[start : start + 4])]
