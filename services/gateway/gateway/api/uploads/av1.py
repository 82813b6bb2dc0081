"""The largest size that an AV1 stream may have (AV1 Bitstream & Decoding Process Specification, 5.3 and 5.5)."""

from typing import Final

_SEQUENCE_HEADER: Final = 1
_MAX_UNITS: Final = 256
"""A picture has about three."""


def pixels(stream: bytes) -> int:
    """Pixels of the largest picture that its sequence headers allow; 0 without one.

    Raises ValueError or IndexError for what is malformed.
    """
    place, largest = 0, 0
    for _ in range(_MAX_UNITS):
        if place >= len(stream):
            return largest
        head = stream[place]
        kind, extended, sized = head >> 3 & 15, head >> 2 & 1, head >> 1 & 1
        place += 1 + extended
        size = len(stream) - place
        if sized:
            size, place = _leb128(stream, place)
        if kind == _SEQUENCE_HEADER:
            largest = max(largest, _sequence_pixels(stream[place : place + size]))
        place += size
    raise ValueError("too many units")


def _leb128(stream: bytes, place: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = stream[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, place + index + 1
    raise ValueError("a number that is too long")


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:64])
        self._left = 8 * len(data[:64])

    def take(self, count: int) -> int:
        """The next bits."""
        self._left -= count
        if self._left < 0:
            raise ValueError("a sequence header that is cut off")
        return self._value >> self._left & ((1 << count) - 1)

    def skip_uvlc(self) -> None:
        """A number of variable length."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        if zeros < 32:
            self.take(zeros)


def _sequence_pixels(header: bytes) -> int:
    """`sequence_header_obu`, up to the largest frame's size."""
    bits = _Bits(header)
    bits.take(4)  # seq_profile, still_picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return (bits.take(width_bits) + 1) * (bits.take(height_bits) + 1)


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    timed = bits.take(1)
    modelled = 0
    if timed:
        bits.take(64)
        if bits.take(1):  # equal_picture_interval
            bits.skip_uvlc()
        modelled = bits.take(1)
        if modelled:
            delay_bits = bits.take(5) + 1
            bits.take(42)
    initial_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:  # seq_level_idx
            bits.take(1)
        if modelled and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if initial_delay and bits.take(1):
            bits.take(4)
