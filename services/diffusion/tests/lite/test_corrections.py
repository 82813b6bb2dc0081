"""What somebody says of a place changes the region around it, up to the photo's edges."""

from dataclasses import replace

import numpy as np
import pytest

from diffusion.domain import Maps, Restyling
from diffusion.lite import cells, regions
from diffusion.lite.labels import Label
from diffusion.lite.recent import Recent
from diffusion.lite.restyle import restyle
from diffusion.lite.scene import analyse_scene
from diffusion.styles import read_styles
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.corrections import Correction, CorrectionLabel

HEIGHT, WIDTH = 192, 288
CUPBOARD = np.s_[60:130, 40:100]
PICTURE = np.s_[40:90, 180:240]


def room(**changes: object) -> Restyling:
    """A wall over a floor; a cupboard that the map takes for wall, and a piece of wall that it takes for a window."""
    photo = np.full((HEIGHT, WIDTH, 3), (205, 200, 190), dtype=np.uint8)
    photo[140:] = (120, 90, 60)
    photo[CUPBOARD] = (60, 80, 120)
    photo = np.clip(photo + np.random.default_rng(1).normal(0, 2, photo.shape), 0, 255).astype(np.uint8)
    segmentation = np.full((HEIGHT, WIDTH), ade20k.index("wall"), dtype=np.uint8)
    segmentation[140:] = ade20k.index("floor")
    segmentation[PICTURE] = ade20k.index("windowpane")
    confidence = np.full(segmentation.shape, 0.9, dtype=np.float32)
    asked = Restyling(
        photo=photo,
        style=read_styles()["boho"],
        maps=Maps(segmentation=segmentation, confidence=confidence),
        strength=1.0,
        seed=1,
    )
    return replace(asked, **changes)  # type: ignore[arg-type]  # the callers name real fields


def at(x: int, y: int, label: CorrectionLabel) -> Correction:
    return Correction(x=(x + 0.5) / WIDTH, y=(y + 0.5) / HEIGHT, label=label)


def changed(asked: Restyling) -> tuple[np.ndarray, tuple[float, ...]]:
    """H×W, where the result is not the photo; and the share that each correction was taken for."""
    *_, last = restyle(asked, EngineInfo(name="lite"))
    difference = np.abs(last.images[0].astype(int) - asked.photo).max(axis=2)  # type: ignore[union-attr]
    return difference > 6, tuple(one.area for one in last.manifest.corrections)  # type: ignore[union-attr]


def test_what_was_wrongly_painted_is_left_exactly() -> None:
    before, none = changed(room())
    assert none == ()
    assert before[CUPBOARD].mean() > 0.9, "the map says wall"
    after, (area,) = changed(room(corrections=(at(70, 95, CorrectionLabel.LEAVE),)))
    assert not after[64:126, 44:96].any(), "up to its border, which is soft"
    assert area == pytest.approx(70 * 60 / (HEIGHT * WIDTH), rel=0.15), "it ends at the photo's edges"
    after[CUPBOARD] = before[CUPBOARD]
    assert (after == before).mean() > 0.98, "all else is as it was"


def test_what_was_left_is_painted_and_no_window_any_more() -> None:
    before, _ = changed(room())
    assert before[PICTURE].mean() < 0.1, "the map says window, and windows stay"
    after, _ = changed(room(corrections=(at(210, 65, CorrectionLabel.WALL),)))
    assert after[PICTURE].mean() > 0.9


def test_the_nearer_place_counts_and_of_two_for_one_place_the_later() -> None:
    said = (at(70, 95, CorrectionLabel.FLOOR), at(70, 95, CorrectionLabel.CEILING), at(5, 5, CorrectionLabel.CEILING))
    layout = analyse_scene(room(corrections=said)).layout
    assert (layout.labels[CUPBOARD] == Label.CEILING).mean() > 0.9
    assert layout.labels[5, 5] == Label.CEILING
    assert layout.corrected is not None
    assert set(np.unique(layout.corrected)) == {-1, 1, 2}
    assert (layout.confidence[layout.corrected >= 0] == 1.0).all()


@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0)])
def test_corners_are_places_and_a_photo_without_a_map_takes_them(place: tuple[float, float]) -> None:
    said = Correction(x=place[0], y=place[1], label=CorrectionLabel.LEAVE)
    asked = room(corrections=(said,), maps=Maps())
    layout = analyse_scene(asked).layout
    row, column = round(place[1] * (HEIGHT - 1)), round(place[0] * (WIDTH - 1))
    assert layout.labels[row, column] == Label.OTHER
    after, (area,) = changed(asked)
    assert not after[row, column]
    assert area > 0


def test_a_photo_is_taken_apart_once_however_often_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    find = cells.find

    def counted(photo: np.ndarray, split: np.ndarray) -> cells.Cells:
        taken.append(1)
        return find(photo, split)

    monkeypatch.setattr(cells, "find", counted)
    monkeypatch.setattr(regions, "DECIDED", Recent(2))
    said = (at(70, 95, CorrectionLabel.LEAVE),)
    first = analyse_scene(room()).layout
    mended, again = (analyse_scene(room(corrections=said)).layout for _ in range(2))
    assert len(taken) == 1
    np.testing.assert_array_equal(mended.labels, again.labels)
    assert (mended.labels != first.labels).any()
    asked = room()
    for shade in (1, 2):  # two others, and the first is forgotten
        other = asked.photo.copy()
        other[0, 0] = shade
        analyse_scene(replace(asked, photo=other))
    analyse_scene(asked)
    assert len(taken) == 4
