"""How a picture is steered towards a palette. Needs no torch."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffusion.domain import Maps
from diffusion.palette_distance import palette_delta_e
from diffusion.recolourable import recolourable
from diffusion.sd import palette
from servicekit.imaging import colour
from servicekit.types import ade20k
from tests.fixtures.rooms import read_photo
from tools.gpu.requests import restyling

ALL = np.ones((60, 90), np.bool_)


def test_main_colours_move_to_the_palette_but_not_far() -> None:
    random = np.random.default_rng(0)
    picture = np.empty((60, 90, 3), np.uint8)
    picture[:, :45], picture[:, 45:] = (200, 186, 150), (70, 120, 95)
    picture = np.clip(picture + random.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
    moved = palette.shifted(picture, ("#A8C0A8", "#4A6A8A"), ALL, most=palette.FINAL_SHIFT)
    before, after = (colour.lab(colour.linear(one)) for one in (picture, moved))
    shift = np.linalg.norm(after - before, axis=2)
    assert 3 < shift.mean() < palette.FINAL_SHIFT
    assert np.percentile(shift, 99) < palette.FINAL_SHIFT + 2
    assert abs(after[:, :45].std(axis=(0, 1)) - before[:, :45].std(axis=(0, 1))).max() < 1.5


def test_only_what_is_free_moves_and_nothing_without_a_palette() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    free = np.zeros((40, 40), np.bool_)
    free[:20] = True
    moved = palette.shifted(picture, ("#A8C0A8",), free, most=10.0)
    assert np.array_equal(moved[~free], picture[~free])
    assert not np.array_equal(moved[free], picture[free])
    assert palette.shifted(picture, (), free, most=10.0) is picture
    assert palette.shifted(picture, ("#A8C0A8",), np.zeros((40, 40), np.bool_), most=10.0) is picture
    assert palette.shifted(picture, ("#A8C0A8",), None, most=10.0) is picture


def test_a_colour_out_of_reach_pulls_nothing() -> None:
    picture = np.full((32, 32, 3), (20, 30, 160), np.uint8)
    assert (
        np.abs(
            palette.shifted(picture, ("#D07030",), np.ones((32, 32), np.bool_), most=10.0).astype(int) - picture
        ).max()
        <= 1
    )


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_a_part_of_next_to_no_pixels_moves_too(pixels: int) -> None:
    picture = np.full((60, 90, 3), (200, 186, 150), np.uint8)
    where = np.zeros((60, 90), np.bool_)
    where[30, 40 : 40 + pixels] = True
    moved = palette.shifted(picture, ("#4A6A8A",), where, most=palette.FINAL_SHIFT)
    np.testing.assert_array_equal((moved != picture).any(axis=2), where)


def test_a_palette_in_words() -> None:
    assert palette.in_words(()) == ""
    assert palette.in_words(("#FFFFFF", "#FEFEFE")) == "white walls, white textiles, color palette of white"
    assert palette.in_words(("#FFFFFF", "#1B2A4A", "#BF5B3D")) == (
        "white walls, navy blue and terracotta textiles, color palette of white, navy blue and terracotta"
    )


@pytest.mark.parametrize("wanted", ["#A3AD91", "#C48F8C"])
@pytest.mark.parametrize("name", ["00000045", "00001130", "00001267", "00001519"])
def test_real_rooms_get_no_colour_cast(rooms_folder: Path, name: str, wanted: str) -> None:
    """By the labels that people drew: what is no wall or textile stays, and so does all that is white or grey."""
    folder = rooms_folder / "groundtruth" / "ade20k_seg"
    photo = read_photo(folder / f"ADE_val_{name}.png")
    with Image.open(folder / f"ADE_val_{name}_label150.png") as labelled:
        numbered = np.asarray(labelled, dtype=np.uint8)
    labels = np.where(numbered == 0, ade20k.UNKNOWN, numbered - 1).astype(np.uint8)
    request = restyling(photo=photo, maps=Maps(segmentation=labels))
    meant = recolourable(request, None)
    assert meant is not None
    moved = palette.shifted(photo, (wanted,), meant, most=palette.FINAL_SHIFT)
    stays = ("ceiling", "floor", "windowpane", "door", "cabinet", "table", "painting")
    assert np.array_equal(moved[~meant], photo[~meant])
    assert not np.isin(labels[(moved != photo).any(axis=2)], [ade20k.index(one) for one in stays]).any()
    lab = colour.lab(colour.linear(photo.reshape(-1, 3)))
    grey = (np.hypot(lab[:, 1], lab[:, 2]) < palette.NEUTRAL).reshape(labels.shape)
    assert np.abs(moved[grey].astype(int) - photo[grey]).max() <= 1
    before, after = (palette_delta_e(one, meant, (wanted,)) for one in (photo, moved))
    assert before is not None
    assert after is not None
    assert after <= before + 0.5
