"""Rooms understood: one that is drawn, real ones with ground truth, and what is no room."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import roomnet
from roomnet import Ade
from servicekit.testing.rooms import DrawnRoom, draw_room, read_photo
from tests.rooms import baseline, collection, ground_truth, scores


def real_rooms(folder: Path) -> list[ground_truth.Photo]:
    """Photos with labels or depth."""
    sources = collection.find(folder).sources
    return [ground_truth.read(source) for source in sources if source.ade20k or source.nyu40 or source.depth]


def test_surfaces_of_a_drawn_room_are_found_to_the_pixel(drawn_room: DrawnRoom) -> None:
    found = roomnet.analyse(drawn_room.photo)
    for region, label in (
        (drawn_room.floor, Ade.FLOOR),
        (drawn_room.wall, Ade.WALL),
        (drawn_room.window, Ade.WINDOW),
    ):
        agreed = found.labels == label
        assert (agreed & region).sum() / (agreed | region).sum() > 0.95
    building = {Ade.WALL, Ade.FLOOR, Ade.CEILING, Ade.WINDOW, Ade.DOOR}
    assert np.isin(found.labels[drawn_room.sofa], list(building)).mean() < 0.05


def test_depth_agrees_with_the_surfaces(drawn_room: DrawnRoom) -> None:
    depth = roomnet.analyse(drawn_room.photo).inverse_depth
    floor = depth[350:, 600]
    assert (np.diff(floor) >= -1e-3).all()  # nearer and nearer towards the camera
    wall, sofa = depth[250, 600], depth[330, 340]
    assert floor[-1] > sofa > wall > 0


def test_the_same_photo_gives_the_same_answer(drawn_room: DrawnRoom) -> None:
    one, other = roomnet.analyse(drawn_room.photo), roomnet.analyse(drawn_room.photo.copy())
    assert (one.labels == other.labels).all()
    assert (one.confidence == other.confidence).all()
    assert (one.inverse_depth == other.inverse_depth).all()
    assert (one.rooms, one.room_probability) == (other.rooms, other.room_probability)


@pytest.mark.parametrize("size", [(16, 16), (2000, 17), (17, 600), (256, 256), (1365, 1024), (3000, 2000)])
def test_any_size_is_answered_at_its_own_size(size: tuple[int, int]) -> None:
    width, height = size
    found = roomnet.analyse(draw_room(width, height).photo)
    for plane in (found.labels, found.confidence, found.inverse_depth):
        assert plane.shape == (height, width)
    assert set(np.unique(found.labels)) <= set(Ade)
    assert 0 <= found.confidence.min() <= found.confidence.max() <= 1
    assert np.isfinite(found.inverse_depth).all()
    assert found.inverse_depth.min() > 0
    assert sum(found.rooms.values()) == pytest.approx(1)


def test_size_hardly_changes_the_answer() -> None:
    small, large = (roomnet.analyse(draw_room(*size).photo) for size in ((512, 384), (2048, 1536)))
    shrunk = cv2.resize(large.labels, (512, 384), interpolation=cv2.INTER_NEAREST)
    assert (shrunk == small.labels).mean() > 0.97


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_is_no_room(level: int) -> None:
    assert roomnet.analyse(np.full((300, 400, 3), level, dtype=np.uint8)).room_probability < 0.1


def test_noise_is_hardly_a_room() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert roomnet.analyse(noise).room_probability < 0.5


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 4)])
def test_what_is_no_rgb_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        roomnet.analyse(np.zeros(shape, dtype=np.uint8))


def test_beats_a_guess_by_position_on_real_photos(rooms_folder: Path) -> None:
    counts = np.zeros((5, 5), dtype=np.int64)
    for photo in real_rooms(rooms_folder):
        if photo.surfaces is None:
            continue
        found = ground_truth.from_ade20k(roomnet.analyse(photo.rgb).labels)
        counts += scores.confusion(photo.surfaces, found)
    assert np.nanmean(scores.intersection_over_union(counts)) > 0.33
    assert scores.accuracy(counts) > 0.65


def test_depth_is_better_than_a_ramp_on_real_photos(rooms_folder: Path) -> None:
    errors, ramps = [], []
    for photo in real_rooms(rooms_folder):
        if photo.depth is None:
            continue
        ramp = baseline.inverse_depth(photo.rgb.shape)
        errors.append(scores.depth_errors(photo.depth, roomnet.analyse(photo.rgb).inverse_depth))
        ramps.append(scores.depth_errors(photo.depth, ramp))
    assert np.mean([error for error, _rank in errors]) < np.mean([error for error, _rank in ramps])


def test_real_rooms_are_called_rooms(rooms_folder: Path) -> None:
    files = sorted((rooms_folder / "photos").glob("*.jpg"))
    assert np.mean([roomnet.analyse(read_photo(file)).room_probability >= 0.5 for file in files]) > 0.95
