"""Attacks on decoders by small files: what decoding takes is what a picture's size tells, and profiles take no time."""

import io
import struct
import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]  # it publishes no types
import pytest
from PIL import Image

from gateway.api.uploads import colour, heif_items
from gateway.api.uploads.header import read_header
from gateway.api.uploads.optimise import optimise
from servicekit.errors import InvalidArgument
from tests.fixtures.attack_figures import Measure, at_full_size
from tests.fixtures.image_files import heic, linear_rgb_profile, quarters, saved
from tests.security.tiled_pictures import claiming, tile, tiled

SMALL = (512, 512)
CANVAS = (1024, 1024)
MEGABYTE = 2**20
TILES = at_full_size(8, 31)
"""Across and down."""
STEPS = at_full_size(20_000, 250_000)
"""Of a colour profile; as many as 4 MB hold."""

BOMBS: dict[str, Callable[[], bytes]] = {
    "heic: many tiles of 16 MP on 1 MP": lambda: tiled(
        "heic", tile("heic", 4096), claimed=(4096, 4096), rows=TILES, columns=TILES, size=CANVAS
    ),
    "avif: many tiles of 16 MP that claim less": lambda: tiled(
        "avif", tile("avif", 4096), claimed=(128, 128), rows=TILES, columns=TILES, size=CANVAS
    ),
    "avif: one tile of 49 MP that claims less": lambda: tiled(
        "avif", tile("avif", 7000), claimed=SMALL, rows=1, columns=1, size=SMALL
    ),
    "avif: 49 MP that claim less": lambda: claiming(tile("avif", 7000), SMALL),
    "heic: 49 MP that claim less": lambda: claiming(tile("heic", 7000), SMALL),
    "heic: more tiles than any camera makes": lambda: tiled(
        "heic", tile("heic", 64), claimed=(64, 64), rows=33, columns=33, size=(2112, 2112)
    ),
    "avif: more tiles than any camera makes": lambda: tiled(
        "avif", tile("avif", 64), claimed=(64, 64), rows=33, columns=33, size=(2112, 2112)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.slow
def test_a_small_file_of_large_parts_is_refused_before_it_is_decoded(name: str, measure: Measure) -> None:
    data = BOMBS[name]()
    before, start = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(InvalidArgument, match=r"IMAGE_UNSUPPORTED|IMAGE_UNREADABLE"):
        optimise(read_header(data), long_side=1024)
    measure("seconds of decoding", time.process_time() - start, 0.5)
    measure("megabytes of decoding", (psutil.Process().memory_info().rss - before) / MEGABYTE, 30)


MARKERS = at_full_size(1_200, 1_200_000)
"""Segments or chunks; as many chunks as 14 MB hold."""

MARKER_BOMBS: dict[str, Callable[[], bytes]] = {
    "jpeg: empty segments": lambda: _after(saved(quarters(), "JPEG"), 2, b"\xff\xe5\0\2" * (3 * MARKERS)),
    "png: tiny chunks": lambda: _after(saved(quarters(), "PNG"), 33, b"\0\0\0\0junk\xb6\x1c\xf3\xe8" * MARKERS),
    "png: a picture in tiny chunks": lambda: _after(
        saved(quarters(), "PNG"), 33, b"\0\0\0\0IDAT\x35\xaf\x06\x1e" * (3 * MARKERS)
    ),
    "webp: empty chunks": lambda: _riff(saved(quarters(), "WEBP")[12:] + b"junk\0\0\0\0" * MARKERS),
}


def _after(data: bytes, place: int, put: bytes) -> bytes:
    return data[:place] + put + data[place:]


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


@pytest.mark.parametrize("name", MARKER_BOMBS)
def test_a_file_of_markers_is_refused_before_they_are_all_read(name: str, measure: Measure) -> None:
    data = MARKER_BOMBS[name]()
    before, start = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(InvalidArgument, match="IMAGE_UNREADABLE"):
        read_header(data)
    measure("seconds of reading markers", time.process_time() - start, 0.5)
    measure("megabytes of reading markers", (psutil.Process().memory_info().rss - before) / MEGABYTE, 30)


def test_fill_bytes_take_no_time(measure: Measure) -> None:
    data = _after(saved(quarters(), "JPEG"), 2, b"\xff" * at_full_size(100_000, 14_000_000))
    start = time.process_time()
    assert (read_header(data).width, read_header(data).height) == (640, 480)
    measure("seconds of reading fill bytes", time.process_time() - start, 0.5)


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_tiles_that_fit_their_picture_are_taken(kind: str) -> None:
    data = tiled(kind, tile(kind, 512), claimed=SMALL, rows=3, columns=4, size=(1900, 1100))
    assert heif_items.coded_pixels(data) == 12 * 512 * 512
    photo = optimise(read_header(data), long_side=1024)
    assert (photo.width, photo.height) == (1024, 593)


def test_transparency_counts_as_a_picture() -> None:
    picture = quarters().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    data = saved(picture, "AVIF")
    assert heif_items.coded_pixels(data) == 2 * 640 * 480
    read_header(data)


@pytest.mark.parametrize("data", [heic(quarters()), saved(quarters(), "AVIF")], ids=["heic", "avif"])
def test_a_box_that_is_there_twice_is_refused(data: bytes) -> None:
    """Which of them counts is each decoder's choice."""
    assert heif_items.coded_pixels(data) == 640 * 480
    start = data.index(b"meta") - 4
    length = int.from_bytes(data[start : start + 4])
    with pytest.raises(InvalidArgument, match="IMAGE_UNREADABLE"):
        read_header(data + data[start : start + length])


def test_a_colour_profile_of_many_steps_takes_no_time(measure: Measure) -> None:
    picture = Image.new("RGB", (256, 256), (200, 100, 50))
    usual = colour.to_srgb(picture, linear_rgb_profile())
    start = time.process_time()
    assert colour.to_srgb(picture, profile_of_steps(STEPS)).tobytes() == usual.tobytes()
    measure("seconds of a colour profile", time.process_time() - start, 1)


def profile_of_steps(count: int) -> bytes:
    """A linear RGB profile that has, beside its curves, a transform of many steps, all of the same bytes."""
    whole = linear_rgb_profile()
    (tags,) = struct.unpack_from(">I", whole, 128)
    table, body, moved = whole[132 : 132 + 12 * tags], whole[132 + 12 * tags :], 12
    entries = b"".join(
        name + struct.pack(">II", offset + moved, length) for name, offset, length in struct.iter_unpack(">4sII", table)
    )
    step = b"matf\0\0\0\0" + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    pipeline = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, count)
    pipeline += struct.pack(">II", 16 + 8 * count, len(step)) * count + step
    entries += b"D2B1" + struct.pack(">II", len(whole) + moved, len(pipeline))
    size = len(whole) + moved + len(pipeline)
    head = struct.pack(">I", size) + whole[4:8] + b"\4\x20\0\0" + whole[12:128]
    return head + struct.pack(">I", tags + 1) + entries + body + pipeline


@pytest.mark.parametrize(
    "hidden",
    [b"7z\xbc\xaf\x27\x1c", "<script>alert(1)</script>".encode("utf-16"), b"<iframe src=x>"],
    ids=["7z", "UTF-16", "iframe"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_of_what_a_picture_hides_is_kept(kind: str, hidden: bytes) -> None:
    data = saved(quarters(), kind) + hidden * 20
    kept = optimise(read_header(data), long_side=1024).jpeg
    assert hidden not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (640, 480)
