"""Rooms understood: our own with its truth, real ones with ground truth, and what is no room."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import roomnet
from roomnet import Ade, RoomAnalysis
from roomnet.analysis import Step
from tests.fixtures.rooms import DrawnRoom, draw_room, read_photo
from tests.fixtures.sample_room import DIRECTORY
from tools.eval_rooms import baseline, collection, ground_truth, scores


@pytest.fixture(scope="module")
def sample() -> RoomAnalysis:
    return roomnet.analyse(read_photo(DIRECTORY / "photo.jpg"))


def real_rooms(folder: Path) -> list[ground_truth.Photo]:
    """Photos with labels or depth."""
    sources = collection.find(folder).sources
    return [ground_truth.read(source) for source in sources if source.ade20k or source.nyu40 or source.depth]


def test_the_surfaces_of_our_own_room_are_found(sample: RoomAnalysis) -> None:
    truth = ground_truth.from_ade20k(np.asarray(Image.open(DIRECTORY / "labels.png")))
    figures = scores.segmentation(scores.confusion(truth, ground_truth.from_ade20k(sample.labels)))
    assert figures["accuracy"] > 0.85
    assert min(figures["wall_iou"], figures["floor_iou"], figures["furniture_iou"]) > 0.65


def test_the_depth_of_our_own_room_is_seen(sample: RoomAnalysis) -> None:
    depth = np.asarray(Image.open(DIRECTORY / "depth.png")).astype(np.float32)
    error, rank = scores.depth_errors(depth, sample.inverse_depth)
    assert error < 0.13
    assert rank > 0.7


def test_our_own_room_is_a_room_with_a_horizon(sample: RoomAnalysis) -> None:
    assert sample.room_probability > 0.6
    assert 0.2 < sample.horizon.row < 0.7


def test_the_same_photo_gives_the_same_answer(drawn_room: DrawnRoom) -> None:
    one, other = roomnet.analyse(drawn_room.photo), roomnet.analyse(drawn_room.photo.copy())
    assert (one.labels == other.labels).all()
    assert (one.confidence == other.confidence).all()
    assert (one.inverse_depth == other.inverse_depth).all()
    assert (one.rooms, one.room_probability) == (other.rooms, other.room_probability)


@pytest.mark.slow
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
    photo = read_photo(DIRECTORY / "photo.jpg")
    small = roomnet.analyse(np.asarray(cv2.resize(photo, (512, 384), interpolation=cv2.INTER_AREA), dtype=np.uint8))
    large = roomnet.analyse(photo)
    shrunk = cv2.resize(large.labels, (512, 384), interpolation=cv2.INTER_NEAREST)
    assert (shrunk == small.labels).mean() > 0.93


@pytest.mark.parametrize("step", Step)
def test_every_step_can_be_left_out(drawn_room: DrawnRoom, step: Step) -> None:
    found = roomnet.analyse(drawn_room.photo, without={step})
    assert found.labels.shape == drawn_room.floor.shape


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_is_no_room(level: int) -> None:
    assert roomnet.analyse(np.full((300, 400, 3), level, dtype=np.uint8)).room_probability < 0.1


def test_noise_is_hardly_a_room() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert roomnet.analyse(noise).room_probability < 0.5


def outdoors(ground: tuple[int, int, int], *, horizon: float) -> NDArray[np.uint8]:
    """Uneven ground below a sky that gets paler downwards."""
    height, width = 384, 512
    rng = np.random.default_rng(3)
    octaves = [rng.random((height // step, width // step)).astype(np.float32) for step in (4, 16, 64)]
    uneven = np.mean([cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in octaves], axis=0)
    down = np.linspace(0, 1, height)[:, None]
    sky = np.stack([np.tile(low + span * down, (1, width)) for low, span in ((120, 60), (160, 50), (235, -10))], axis=2)
    earth = np.asarray(ground) * (0.6 + 0.8 * uneven[..., None])
    return np.clip(np.where((down > horizon)[..., None], earth, sky), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("ground", "horizon"),
    [((80, 120, 50), 0.5), ((60, 100, 140), 0.45), ((80, 120, 50), 0.9)],
    ids=["meadow", "sea", "mostly sky"],
)
def test_a_landscape_is_no_room(ground: tuple[int, int, int], horizon: float) -> None:
    assert roomnet.analyse(outdoors(ground, horizon=horizon)).room_probability < 0.5


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 4)])
def test_what_is_no_rgb_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        roomnet.analyse(np.zeros(shape, dtype=np.uint8))


def test_surfaces_of_real_photos_are_found(rooms_folder: Path) -> None:
    counts, guess = np.zeros((5, 5), dtype=np.int64), np.zeros((5, 5), dtype=np.int64)
    for photo in real_rooms(rooms_folder):
        if photo.surfaces is None:
            continue
        found = ground_truth.from_ade20k(roomnet.analyse(photo.rgb).labels)
        counts += scores.confusion(photo.surfaces, found)
        guess += scores.confusion(photo.surfaces, baseline.surfaces(photo.rgb.shape))
    ours, trivial = scores.segmentation(counts), scores.segmentation(guess)
    assert ours["mean_iou"] > trivial["mean_iou"] + 0.15
    assert ours["accuracy"] > 0.7


def test_depth_is_better_than_a_ramp_on_real_photos(rooms_folder: Path) -> None:
    found, ramps = [], []
    for photo in real_rooms(rooms_folder):
        if photo.depth is None:
            continue
        found.append(scores.depth_errors(photo.depth, roomnet.analyse(photo.rgb).inverse_depth))
        ramps.append(scores.depth_errors(photo.depth, baseline.inverse_depth(photo.rgb.shape)))
    (error, rank), (plain_error, plain_rank) = np.mean(found, axis=0), np.mean(ramps, axis=0)
    assert error < plain_error
    assert rank > plain_rank


def test_real_rooms_are_called_rooms(rooms_folder: Path) -> None:
    """Those that no constant was found by: the half of `more` with odd numbers."""
    files = [file for file in sorted((rooms_folder / "more").glob("*.jpg")) if int(file.stem.rpartition("_")[2]) % 2]
    if not files:
        pytest.skip("MODOMO_ROOMS has no folder `more`")
    assert np.mean([_is_room(file) for file in files]) >= 0.98


def test_other_pictures_are_not_called_rooms(rooms_folder: Path) -> None:
    files = sorted((rooms_folder / "nonrooms").glob("*.jpg"))
    if not files:
        pytest.skip("MODOMO_ROOMS has no folder `nonrooms`")
    assert np.mean([_is_room(file) for file in files]) <= 0.15


def _is_room(file: Path) -> bool:
    return roomnet.analyse(read_photo(file)).room_probability >= 0.5
