"""Photos of a room that differ from one another, made once before a run."""

import io
from collections.abc import Callable, Iterable
from typing import Final

from PIL import Image, ImageEnhance, ImageOps

from tests.fixtures.sample_room import sample_room
from tools.load.plan import Visit

LARGE: Final = (4000, 3000)
SMALL: Final = (1280, 960)
MOST_LARGE: Final = 12
MOST_SMALL: Final = 48
"""Different photos of each size; a mix with more of them repeats the first."""


class Album:
    """The photos that visits bring, by number and size."""

    def __init__(self, visits: Iterable[Visit], made: Callable[[], None] = lambda: None) -> None:
        """Makes them, which takes about half a second for a large one; `made` is called after each."""
        self._photos: dict[tuple[int, bool], bytes] = {}
        room = Image.open(io.BytesIO(sample_room())).convert("RGB")
        for key in self.keys(visits):
            self._photos[key] = _photo(room, *key)
            made()

    @staticmethod
    def keys(visits: Iterable[Visit]) -> list[tuple[int, bool]]:
        """Number and size of every photo that is needed."""
        return sorted({_key(visit.photo, visit.large) for visit in visits})

    def photo(self, number: int, large: bool) -> bytes:
        """A JPEG."""
        return self._photos[_key(number, large)]


def _key(number: int, large: bool) -> tuple[int, bool]:
    return number % (MOST_LARGE if large else MOST_SMALL), large


def _photo(room: Image.Image, number: int, large: bool) -> bytes:
    """The sample room in another light, mirrored where the number is odd: other pixels, so nothing is remembered."""
    picture = room.resize(LARGE if large else SMALL, Image.Resampling.BICUBIC)
    picture = ImageEnhance.Brightness(picture).enhance(0.85 + 0.3 * number / MOST_SMALL)
    if number % 2:
        picture = ImageOps.mirror(picture)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
