"""Makes the photo that is kept from one that was checked: upright, sRGB, bounded, free of metadata, a JPEG.

A JPEG is scaled by its decoder, which then reads and computes a fraction of the pixels (libjpeg's scaled inverse DCT).
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image as Pillow
from PIL import ImageChops

from gateway.api.uploads import colour, webp
from gateway.api.uploads.header import DAMAGED, PhotoFormat, PhotoHeader, read_header, unreadable
from gateway.api.uploads.jpeg_stream import EOI
from servicekit.errors import Exhausted
from servicekit.fair_shares import FairShares
from servicekit.imaging.codec import to_jpeg
from servicekit.imaging.sizes import bounded_size, decoder_size
from servicekit.inference.executor import DeviceExecutor
from servicekit.inference.turns import FairTurns

QUALITY: Final = 92

Pillow.core.set_block_size(64 * 2**20)  # type: ignore[attr-defined]  # documented, but missing from its types
"""Blocks of 16 MB, which Pillow takes by itself, stay with the C library once they are free; larger ones do not."""

_HEAVY_BYTES: Final = 100_000_000
"""Photos that take more to decode are decoded one at a time; the largest take up to 450 MB."""
_REDUCING_GAP: Final = 3
"""A picture is first reduced fast to at least so many times its final size, and then resized well."""
_BAND_ROWS: Final = 64
_ORIENTATION_TAG: Final = 0x0112
_OTHER_BITS: Final = b"\x55" * 4096
_UPRIGHT: Final = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""What makes a picture of each EXIF orientation upright (Exif 3.0, 4.6.5.1.4)."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo as it is kept."""

    jpeg: bytes
    """Quality 92, no chroma subsampling, sRGB, no metadata."""
    width: int
    height: int

    digest: str
    """SHA-256 of `jpeg`, hex."""


class PhotoOptimiser:
    """Optimises photos off the event loop, a bounded number at a time."""

    def __init__(self, *, long_side: int, threads: int, queue_limit: int, memory_bytes: int = 1 << 30) -> None:
        """`long_side` bounds the kept photo, in pixels, `memory_bytes` what decoding one takes."""
        self._memory_bytes = memory_bytes
        self._long_side = long_side
        self._executor = DeviceExecutor("photo", parallel=threads, queue_limit=queue_limit)
        self._heavy = FairTurns()
        self._photos = FairShares(threads + queue_limit)

    async def optimise(self, data: bytes, *, client: str = "") -> Photo:
        """Checks and optimises, clients in turns; raises InvalidArgument naming `file`, Exhausted where too many wait.

        `client` is a caller's `Caller.client`.
        """
        full = Exhausted("QUEUE_FULL", "The photo queue is full.", retry_after_seconds=2)
        with self._photos.one(client, refusal=full):
            done = await self._executor.run(lambda: self._optimise_light(data), tenant=client)
            if isinstance(done, Photo):
                return done
            async with self._heavy.turn(client):
                return await self._executor.run(lambda: optimise(done, long_side=self._long_side), tenant=client)

    def _optimise_light(self, data: bytes) -> Photo | PhotoHeader:
        """The photo, or its header where decoding it has to wait for its turn."""
        header = read_header(data)
        header.check_memory(self._memory_bytes)
        return header if header.decoding_bytes > _HEAVY_BYTES else optimise(header, long_side=self._long_side)

    def close(self) -> None:
        """Ends the threads."""
        self._executor.close()


def optimise(header: PhotoHeader, *, long_side: int) -> Photo:
    """Does the work, blocking; raises InvalidArgument where the photo is damaged."""
    if header.format is PhotoFormat.HEIF:
        from pi_heif import register_heif_opener  # noqa: PLC0415 - most processes never see one, and it is large

        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    try:
        pixels, orientation, profile = _decoded(header, long_side)
    except (*DAMAGED, Pillow.DecompressionBombError) as error:
        raise unreadable(header.format) from error
    pixels = colour.to_srgb(_bounded(pixels, long_side), profile)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    kept = to_jpeg(pixels, quality=QUALITY, subsampling="4:4:4")
    return Photo(jpeg=kept, width=pixels.width, height=pixels.height, digest=hashlib.sha256(kept).hexdigest())


def _decoded(header: PhotoHeader, long_side: int) -> tuple[Pillow.Image, int, bytes]:
    """Pixels as they lie in the file, EXIF orientation, and colour profile."""
    match header.format:
        case PhotoFormat.WEBP:
            size = header.width, header.height
            pixels = webp.decode(header.stream, size, shrink=_shrink(size, long_side))
        case PhotoFormat.JPEG:
            pixels = _decoded_jpeg(header, long_side)
        case _:
            with Pillow.open(io.BytesIO(header.stream), formats=[header.format]) as picture:
                picture.load()
                profile = picture.info.get("icc_profile", b"")
                pixels = colour.to_eight_bits(picture)
                if header.exif is None:
                    return pixels, _orientation(picture.getexif), profile if isinstance(profile, bytes) else b""
    return pixels, _orientation(lambda: _exif(header.exif or b"")), header.profile or b""


def _decoded_jpeg(header: PhotoHeader, long_side: int) -> Pillow.Image:
    """A JPEG, scaled by its decoder; raises OSError where rows are missing.

    The decoder fills what is missing from the bits that follow. So a picture without an end marker is whole where
    what is put behind it makes no difference.
    """

    def decoded(stream: bytes) -> Pillow.Image:
        with Pillow.open(io.BytesIO(stream), formats=[PhotoFormat.JPEG]) as picture:
            picture.draft(None, decoder_size(header.width, header.height, long_side))
            picture.decodermaxblock = len(stream)  # in one piece: the decoder goes back a little where a piece ends
            picture.load()
            return colour.to_eight_bits(picture)

    pixels = decoded(header.stream)
    if not header.ended:
        followed = header.stream.removesuffix(EOI) + _OTHER_BITS + EOI
        if ImageChops.difference(pixels, decoded(followed)).getbbox():
            raise OSError("rows are missing")
    return pixels


def _exif(tiff: bytes) -> Pillow.Exif:
    found = Pillow.Exif()
    found.load(tiff)
    return found


def _bounded(picture: Pillow.Image, long_side: int) -> Pillow.Image:
    size = bounded_size(*picture.size, long_side)
    if size == picture.size:
        return picture
    shrink = _shrink(picture.size, long_side)
    if shrink > 1:
        picture = _reduced(picture, shrink)
    return picture.resize(size, Pillow.Resampling.HAMMING)


def _shrink(size: tuple[int, int], long_side: int) -> int:
    """The factor by which a picture may be reduced fast before it is resized well."""
    return max(1, max(size) // (_REDUCING_GAP * long_side))


def _reduced(picture: Pillow.Image, factor: int) -> Pillow.Image:
    """As Image.reduce, band by band: Pillow copies a picture that has transparency before it reduces it."""
    small = Pillow.new(picture.mode, (-(-picture.width // factor), -(-picture.height // factor)))
    for top in range(0, small.height, _BAND_ROWS):
        bottom = min((top + _BAND_ROWS) * factor, picture.height)
        small.paste(picture.crop((0, top * factor, picture.width, bottom)).reduce(factor), (0, top))
    return small


def _orientation(read_exif: Callable[[], Pillow.Exif]) -> int:
    try:
        return int(read_exif().get(_ORIENTATION_TAG, 1))
    except DAMAGED:  # metadata that cannot be read says nothing
        return 1
