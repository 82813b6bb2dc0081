"""The sheet that `make demo` ends with."""

import io

import pytest
from PIL import Image

from deploy.local.demo import ACROSS, GAP, TILE, sheet


def picture(color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (90, 60), color).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2), (6, 2)])
def test_pictures_stand_in_rows_the_first_at_the_top_left(count: int, rows: int) -> None:
    colors = [(40 * number, 200 - 30 * number, 90) for number in range(count)]
    whole = sheet([picture(color) for color in colors])
    assert whole.size == (ACROSS * (TILE[0] + GAP) - GAP, rows * (TILE[1] + GAP) - GAP)
    for number, color in enumerate(colors):
        place = (
            number % ACROSS * (TILE[0] + GAP) + TILE[0] // 2,
            number // ACROSS * (TILE[1] + GAP) + TILE[1] // 2,
        )
        found = whole.getpixel(place)
        assert isinstance(found, tuple)
        assert found == pytest.approx(color, abs=4)
