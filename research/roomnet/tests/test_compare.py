"""The rule by which one of two networks is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from research.roomnet import compare
from research.roomnet.compare import Judged, Known
from roomnet import network
from servicekit.types.rooms import RoomType
from tools.eval_rooms.ground_truth import SURFACES

PHOTO = Known(
    rgb=np.zeros((4, 4, 3), np.uint8), surfaces=np.zeros((4, 4), np.uint8), depth=None, room=None, stood_in=False
)


def judged(right: float, *, seconds: float = 0.1, sure: float | None = None, seed: int = 0) -> Judged:
    """A share of right pixels, the rest spread over all others, and a confidence that is right unless told."""
    count, rng = len(SURFACES), np.random.default_rng(seed)
    right = float(np.clip(right + rng.normal(0, 0.02), 0, 1))
    wrong = (1 - right) / (count - 1)
    confusion = np.full((count, count), round(1000 * wrong)) + np.eye(count, dtype=int) * round(1000 * (right - wrong))
    pixels = float(confusion.sum())
    bins = np.zeros((3, compare.BINS))
    bins[:, 5] = (pixels, np.trace(confusion), pixels * (right if sure is None else sure))
    return Judged(confusion=confusion.astype(np.int64), bins=bins, seconds=seconds)


def pairs(old: float, new: float, **differently: float) -> list[tuple[Known, Judged, Judged]]:
    """Ten labelled photos and ten that the stand-in judges; a depth and a type so that those are known, too."""
    photos = [replace(PHOTO, stood_in=number >= 10) for number in range(20)]
    made = [
        (photo, judged(old, seed=number), judged(new, seed=number, **differently))
        for number, photo in enumerate(photos)
    ]
    other = replace(PHOTO, surfaces=None, depth=np.ones((4, 4), np.float32), room=RoomType.KITCHEN)
    one = Judged(depth=(0.2, 0.5), room=True, seconds=0.1)
    return [*made, (other, one, one), (other, one, one)]


def test_a_better_network_is_kept() -> None:
    kept, text = compare.verdict(pairs(0.7, 0.8))
    assert kept
    assert "The new network is kept" in text


@pytest.mark.parametrize(
    ("new", "differently", "why"),
    [
        (0.7, {}, "not higher"),
        (0.6, {}, "not higher"),
        (0.8, {"seconds": 0.13}, "time"),
        (0.8, {"sure": 0.99}, "calibration, labels, calibration, stand-in"),
    ],
)
def test_a_network_that_is_no_better_or_worse_at_something_is_not(
    new: float, differently: dict[str, float], why: str
) -> None:
    kept, text = compare.verdict(pairs(0.7, new, **differently))
    assert not kept
    assert "The old network is kept" in text
    assert why in text


def test_an_equal_one_at_half_the_time_is_kept_and_a_worse_one_is_not() -> None:
    kept, text = compare.verdict(pairs(0.7, 0.7, seconds=0.05))
    assert kept
    assert "half the time" in text
    assert not compare.verdict(pairs(0.7, 0.68, seconds=0.05))[0]


def test_a_gain_that_a_few_photos_decide_is_no_gain() -> None:
    made = pairs(0.7, 0.7)
    made[0] = (made[0][0], made[0][1], judged(0.95))
    assert not compare.verdict(made)[0]


def test_odd_numbers_are_never_looked_at(tmp_path: Path) -> None:
    for name in ("bedroom_8", "bedroom_17", "kitchen_102", "bathroom_61"):
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / f"{name}.jpg").touch()
    assert {source.picture.stem for source in compare.judged_by(tmp_path)} == {"bedroom_8", "kitchen_102"}


def test_what_cannot_be_compared_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MODOMO_ROOMS", raising=False)
    with pytest.raises(SystemExit):
        compare.main(["one", "two"])
    assert "MODOMO_ROOMS" in capsys.readouterr().err
    with pytest.raises(network.WeightsMissingError, match="gone"):
        compare.Subject(str(tmp_path / "gone"))
    for scale in ("9", "0"):
        with pytest.raises(ValueError, match="scale"):
            compare.Subject(f"{network.FOLDER}@{scale}")
    with pytest.raises(FileNotFoundError, match="deeplab"):
        next(compare.photos(tmp_path))
