"""The whole command, on folders that are made up."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.fixtures.rooms import draw_room
from tools.eval_rooms import __main__ as command
from tools.eval_rooms import memory

SECTIONS = {
    "segmentation": {"mean_iou", "floor_iou", "wall_iou", "ceiling_iou", "window_iou", "furniture_iou", "accuracy"},
    "depth": {"abs_rel", "spearman"},
    "room_type": {"top1"},
    "restyle": {
        "gradient_correlation",
        "palette_share",
        "style_distance",
        "kept_max_difference",
        "window_mean_difference",
        "wrongly_painted",
    },
    "seconds": {"all_p50", "preview_p50"},
}
"""What programs that read `report.json` rely on."""


@pytest.fixture(autouse=True)
def memory_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a process of its own."""
    monkeypatch.setattr(memory, "beyond_bare", lambda: 12.5)


def evaluated(root: Path, out: Path) -> dict[str, Any]:
    assert command.main(["--rooms", str(root), "--out", str(out)]) == 0
    made: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    for section, names in SECTIONS.items():
        assert names <= set(made[section])
        assert names <= set(made[section]["baseline"])
    return made


@pytest.mark.slow
def test_a_labelled_room_is_evaluated_whole(tmp_path: Path) -> None:
    room = draw_room(320, 240)
    labels = np.full((240, 320), 6, dtype=np.uint8)  # all that is not named is ceiling
    for region, label in ((room.wall, 1), (room.floor, 4), (room.window, 9), (room.sofa, 24)):
        labels[region] = label
    rooms = tmp_path / "rooms"
    (rooms / "ade").mkdir(parents=True)
    (rooms / "photos").mkdir()
    Image.fromarray(labels).save(rooms / "ade/drawn_label150.png")
    Image.fromarray(room.photo).save(rooms / "ade/drawn.png")
    (rooms / "photos/broken.jpg").write_bytes(b"no picture")
    for name in ("more/room_3", "nonrooms/plain"):
        (rooms / name).parent.mkdir()
        Image.fromarray(draw_room(96, 64).photo if "room_3" in name else np.full((64, 96, 3), 90, np.uint8)).save(
            rooms / f"{name}.png"
        )
    made = evaluated(rooms, tmp_path / "out")
    assert (made["counts"]["labelled"], made["counts"]["restyled"]) == (1, 2)
    labelled, half_b = made["intervals"]["labelled"], made["intervals"]["half_b"]
    assert labelled["mean_iou"]["count"] == half_b["invented_edges"]["count"] == 1
    assert labelled["invented_edges"]["low"] == labelled["invented_edges"]["value"]
    assert labelled["invented_edges"]["met"] is (labelled["invented_edges"]["high"] <= 0.05)
    assert made["room_test"]["others_taken_for_rooms"] == 0
    assert (tmp_path / "out/worst-1.png").exists()
    assert not (tmp_path / "out/more-room_3.jpg").exists(), "nobody is to look at half B"
    assert made["segmentation"]["mean_iou"] > made["segmentation"]["baseline"]["mean_iou"]
    assert made["restyle"]["kept_max_difference"] == 0
    assert made["depth"]["abs_rel"] is None
    assert made["room_type"]["top1"] is None
    assert made["memory"]["beyond_bare_mb"] == 12.5
    assert len(made["photos"][0]["styles"]) == 5
    assert ["broken.jpg cannot be read" in one["reason"] for one in made["skipped"]] == [True]
    with Image.open(tmp_path / "out/ade-drawn.jpg") as sheet:
        assert sheet.width == 3 * 480
    text = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert "| segmentation.mean_iou |" in text
    assert "skipped photos-broken" in text


@pytest.mark.slow
def test_a_strip_of_a_photo_is_evaluated_too(tmp_path: Path) -> None:
    folder = tmp_path / "rooms/photos"
    folder.mkdir(parents=True)
    Image.fromarray(draw_room(16, 1000).photo).save(folder / "strip.png")
    assert evaluated(tmp_path / "rooms", tmp_path / "out")["counts"]["restyled"] == 1
    with Image.open(tmp_path / "out/photos-strip.jpg") as sheet:
        assert sheet.height < 4000


def test_a_folder_of_room_types_alone_is_classified(tmp_path: Path) -> None:
    folder = tmp_path / "rooms/room_type/bedroom"
    folder.mkdir(parents=True)
    Image.fromarray(draw_room(160, 120).photo).save(folder / "1.png")
    made = evaluated(tmp_path / "rooms", tmp_path / "out")
    assert made["room_type"]["top1"] in (0, 1)
    assert made["room_type"]["baseline"]["top1"] == 1
    assert made["segmentation"]["mean_iou"] is None
    assert made["seconds"]["all_p50"] is None


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--rooms", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "holds no photo" in capsys.readouterr().err


def test_without_a_real_network_its_maps_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photos").mkdir()
    Image.fromarray(draw_room(64, 48).photo).save(tmp_path / "photos/room.png")
    assert command.main(["--rooms", str(tmp_path), "--out", str(tmp_path / "out"), "--engine", "deeplab"]) == 2
    assert "no network to make maps with" in capsys.readouterr().err


def test_without_a_folder_it_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MODOMO_ROOMS", raising=False)
    assert command.main([]) == 2
    assert "MODOMO_ROOMS" in capsys.readouterr().err
