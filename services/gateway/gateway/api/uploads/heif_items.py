"""How much a decoder has to decode for a HEIC or AVIF picture, by its boxes alone (ISO/IEC 14496-12, 23008-12).

A picture may be put together of many coded ones, its tiles. Their number and size need not fit what the picture claims
to be, and decoders find out late: a file of 20 KB made one work for minutes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.api.uploads import av1

MAX_ITEMS: Final = 1024
"""Coded pictures of one picture. A phone's photo of 50 megapixels has 200."""
_MAX_BOXES: Final = 8192
_MAX_DEPTH: Final = 4
_ONCE: Final = frozenset({b"meta", b"pitm", b"iinf", b"iref", b"iprp", b"ipco", b"iloc", b"idat"})

_Span: TypeAlias = tuple[int, int]
"""Where something begins and ends in the file."""


@dataclass(kw_only=True)
class _Items:
    """What the box `meta` says."""

    primary: int = 0
    types: dict[int, bytes] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    """Pixels by item, as `ispe` has it."""
    parts: dict[int, list[int]] = field(default_factory=dict)
    """Items that an item is made of."""
    auxiliary: dict[int, list[int]] = field(default_factory=dict)
    """Items that belong to an item, such as its transparency."""
    places: dict[int, list[_Span]] = field(default_factory=dict)


def coded_pixels(data: bytes) -> int:
    """Pixels of all coded pictures that the primary one is made of, transparency included.

    Raises ValueError, IndexError or struct.error for what is malformed, or has too many parts.
    """
    reader = _Reader(data)
    start, end = reader.single((0, len(data)), trailing=True)[b"meta"]
    items = reader.items((start + 4, end))
    total, waiting, seen = 0, [(items.primary, 0)], 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if seen > MAX_ITEMS or depth > _MAX_DEPTH:
            raise ValueError("too many parts")
        waiting += [(part, depth + 1) for part in (*items.parts.get(item, ()), *items.auxiliary.get(item, ()))]
        if item not in items.parts:
            total += max(items.sizes.get(item, 0), _av1_pixels(data, items, item))
    return total


def _av1_pixels(data: bytes, items: _Items, item: int) -> int:
    """AV1 says in its stream how large it is, and its decoders scale that to what `ispe` says."""
    if items.types.get(item) != b"av01":
        return 0
    return av1.pixels(b"".join(data[start:end] for start, end in items.places.get(item, ())))


class _Reader:
    """Reads boxes, of which there are not too many."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MAX_BOXES

    def single(self, span: _Span, *, trailing: bool = False) -> dict[bytes, _Span]:
        """Contents of the boxes within a span; raises ValueError where decoders might read another one of a name.

        `trailing` ends at what is no box, as phones append.
        """
        found: dict[bytes, _Span] = {}
        for name, body in self.named(span, trailing=trailing):
            if name in found and name in _ONCE:
                raise ValueError("a box that is there twice")
            found[name] = body
        return found

    def named(self, span: _Span, *, trailing: bool = False) -> Iterator[tuple[bytes, _Span]]:
        """Names and contents of the boxes within a span."""
        place, end = span
        while place + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise ValueError("too many boxes")
            size, name = struct.unpack_from(">I4s", self._data, place)
            head = 8
            if size == 1:
                (size,), head = struct.unpack_from(">Q", self._data, place + 8), 16
            elif size == 0:
                size = end - place
            if size < head or place + size > end:
                if trailing:
                    return
                raise ValueError("a box that is too long")
            yield name, (place + head, place + size)
            place += size

    def items(self, meta: _Span) -> _Items:
        """What is said of items."""
        items, inner = _Items(), self.single(meta)
        items.primary = self._numbers(inner[b"pitm"], 1)[0]
        self._read_types(items, inner[b"iinf"])
        self._read_references(items, inner.get(b"iref", (0, 0)))
        self._read_sizes(items, inner[b"iprp"])
        self._read_places(items, inner[b"iloc"], inner.get(b"idat", (0, 0)))
        return items

    def _numbers(self, box: _Span, count: int) -> tuple[int, ...]:
        """The first numbers of a full box, of 16 bits in version 0 and 32 in later ones."""
        version = self._data[box[0]]
        return struct.unpack_from(f">{count}{'I' if version else 'H'}", self._data, box[0] + 4)

    def _read_types(self, items: _Items, box: _Span) -> None:
        entries = box[0] + 4 + (4 if self._data[box[0]] else 2)
        for _name, (start, _end) in self.named((entries, box[1])):
            wide = self._data[start] >= 3
            number, _protection, kind = struct.unpack_from(">IH4s" if wide else ">HH4s", self._data, start + 4)
            items.types[number] = kind

    def _read_references(self, items: _Items, box: _Span) -> None:
        if box[0] == box[1]:
            return
        number = "I" if self._data[box[0]] else "H"
        for name, (start, _end) in self.named((box[0] + 4, box[1])):
            origin, count = struct.unpack_from(f">{number}H", self._data, start)
            targets = struct.unpack_from(f">{count}{number}", self._data, start + struct.calcsize(f">{number}H"))
            if name == b"dimg":
                items.parts.setdefault(origin, []).extend(targets)
            elif name == b"auxl":
                for target in targets:
                    items.auxiliary.setdefault(target, []).append(origin)

    def _read_sizes(self, items: _Items, box: _Span) -> None:
        properties = [
            struct.unpack_from(">II", self._data, start + 4) if name == b"ispe" else (0, 0)
            for name, (start, _end) in self.named(self.single(box)[b"ipco"])
        ]
        for name, (start, _end) in self.named(box):
            if name == b"ipma":
                self._read_associations(items, properties, start)

    def _read_associations(self, items: _Items, properties: list[tuple[int, int]], start: int) -> None:
        version, wide = self._data[start], bool(self._data[start + 3] & 1)
        (entries,) = struct.unpack_from(">I", self._data, start + 4)
        place = start + 8
        for _ in range(entries):
            (item,) = struct.unpack_from(">I" if version else ">H", self._data, place)
            place += 4 if version else 2
            count, place = self._data[place], place + 1
            for _ in range(count):
                index = int.from_bytes(self._data[place : place + 1 + wide]) & (0x7FFF if wide else 0x7F)
                place += 1 + wide
                if index:
                    width, height = properties[index - 1]
                    items.sizes[item] = max(items.sizes.get(item, 0), width * height)

    def _read_places(self, items: _Items, box: _Span, idat: _Span) -> None:
        start = box[0]
        version, sizes = self._data[start], struct.unpack_from(">H", self._data, start + 4)[0]
        offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        place = start + 6

        def number(size: int) -> int:
            nonlocal place
            place += size
            if place > box[1]:
                raise ValueError("places that are cut off")
            return int.from_bytes(self._data[place - size : place])

        for _ in range(number(4 if version == 2 else 2)):
            item = number(4 if version == 2 else 2)
            method = number(2) & 15 if version else 0
            number(2)
            base = number(base_size) + (idat[0] if method == 1 else 0)
            for _ in range(number(2)):
                number(index_size if version else 0)
                begin, length = base + number(offset_size), number(length_size)
                items.places.setdefault(item, []).append((begin, begin + length if length else len(self._data)))
