"""Shards on disk, and the command that writes them."""

import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from research.roomnet import dataset, generate
from research.roomnet.labels import INDEX
from research.roomnet.renderer.trace import Quality
from research.roomnet.rooms.random import ROOM_TYPES

ROUGH = Quality(samples=1, bounces=0, every_light=False, passes=0, ambient=0.2)


def test_a_shard_gives_back_what_was_saved(tmp_path: Path) -> None:
    examples = [dataset.example(seed, width=64, height=48, quality=ROUGH) for seed in range(3)]
    dataset.save(examples, tmp_path / "rooms-0.npz")
    for saved, loaded in zip(examples, dataset.load(tmp_path / "rooms-0.npz"), strict=True):
        for field in fields(dataset.Example):
            np.testing.assert_array_equal(getattr(saved, field.name), getattr(loaded, field.name))
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.slow
def test_the_command_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "SHARD", 2)
    run = ["--count", "3", "--seed", "9", "--processes", "1", "--out", str(tmp_path)]
    generate.main(run)
    first, second = dataset.shards(tmp_path)
    second.unlink()
    stamp = first.stat().st_mtime_ns
    generate.main(run)
    assert first.stat().st_mtime_ns == stamp
    assert [one.seed for path in dataset.shards(tmp_path) for one in dataset.load(path)] == [
        (9 << 32) + number for number in range(3)
    ]


def test_a_room_that_cannot_be_made_gives_way_to_another(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fragile(seed: int, **_size: int) -> dataset.Example:
        if seed in {7, 7 + (1 << 31)}:
            raise ValueError("walls without a room")
        return make(seed, width=64, height=48, quality=ROUGH)

    make = dataset.example
    monkeypatch.setattr(dataset, "example", fragile)
    assert generate.substituted(7).seed == 7 + (2 << 31)
    assert "room 7 cannot be made" in caplog.text


def test_a_worker_that_dies_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mortal(seed: int, **_size: int) -> dataset.Example:
        if not died.exists():
            died.touch()
            os._exit(1)
        return make(seed, width=64, height=48, quality=ROUGH)

    make, died = dataset.example, tmp_path / "died"
    monkeypatch.setattr(dataset, "example", mortal)  # workers are forked, so they have it too
    generate.generate(count=2, seed=1, out=tmp_path, processes=1)
    assert died.exists()
    assert [one.seed for path in dataset.shards(tmp_path) for one in dataset.load(path)] == [1 << 32, (1 << 32) + 1]


def test_a_generator_that_makes_no_room_at_all_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int, **_size: int) -> dataset.Example:
        raise ValueError("walls without a room")

    monkeypatch.setattr(dataset, "example", broken)
    with pytest.raises(ValueError, match="walls without a room"):
        generate.substituted(7)


def test_pictures_are_as_wide_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, int] = {}

    def made(seed: int, **size: int) -> dataset.Example:
        asked.update(size)
        return make(seed, **size, quality=ROUGH)

    make = dataset.example
    monkeypatch.setattr(dataset, "example", made)
    assert sorted(generate.substituted(3, width=88).image.shape) == [3, 66, 88]
    assert asked == {"width": 88, "height": 66}


WRONG = (
    ["--count", "0"], ["--count", "x"], ["--count", "3", "--seed", "-1"],
    ["--count", "3", "--width", "2"], ["--count", "3", "--width", "90"], ["--count", "3", "--width", "4096"],
)  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_bad_arguments_are_refused(wrong: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        generate.main([*wrong, "--out", str(tmp_path)])
    assert refused.value.code == 2
    assert "--count" in capsys.readouterr().err


def test_labels_are_those_of_ade20k() -> None:
    ade20k = pytest.importorskip(
        "servicekit.types.ade20k", reason="the shared tables are not installed beside this package"
    )
    assert {name: ade20k.index(name) for name in INDEX} == INDEX


def test_room_types_and_things_are_the_words_of_the_services() -> None:
    reason = "the shared words are not installed beside this package"
    rooms = pytest.importorskip("servicekit.types.rooms", reason=reason)
    objects = pytest.importorskip("servicekit.types.objects", reason=reason)
    assert set(ROOM_TYPES) == set(rooms.RoomType)
    examples = [dataset.example(seed, width=64, height=48, quality=ROUGH) for seed in range(8)]
    assert {seen.thing for one in examples for seen in one.objects} <= set(objects.ObjectLabel)
