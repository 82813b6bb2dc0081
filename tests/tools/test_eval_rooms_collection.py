"""Folders as they come: parts missing, other names, files that are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from servicekit.types.rooms import RoomType
from tools.eval_rooms import collection, ground_truth
from tools.eval_rooms.collection import NothingToEvaluateError, Source
from tools.eval_rooms.ground_truth import SURFACES, UNLABELLED, UnreadableError


def save(file: Path, values: NDArray[Any]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(file)
    return file


def grey(height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 120, dtype=np.uint8)


def one(root: Path) -> ground_truth.Photo:
    (source,) = collection.find(root).sources
    return ground_truth.read(source)


def test_ade20k_labels_become_surfaces(tmp_path: Path) -> None:
    labels = np.zeros((60, 80), dtype=np.uint8)
    for column, value in enumerate((0, 1, 4, 29, 6, 9, 15, 64, 8)):  # none, wall, floor, rug, ceiling, window, …, bed
        labels[:, column] = value
    save(tmp_path / "groundtruth/ade20k_seg/some room_label150.png", labels)
    save(tmp_path / "groundtruth/ade20k_seg/some room.jpg", grey())
    photo = one(tmp_path)
    assert photo.name == "ade20k_seg-some_room"
    assert photo.surfaces is not None
    names = [SURFACES[value] if value != UNLABELLED else "" for value in photo.surfaces[0, :9]]
    assert names == ["", "wall", "floor", "floor", "ceiling", "window", "window", "window", "furniture"]
    assert photo.panes is not None
    assert photo.panes[0].nonzero()[0].tolist() == [5]


def test_nyu_labels_and_depth_are_found_beside_their_picture(tmp_path: Path) -> None:
    folder = tmp_path / "depth_seg_any"
    labels = np.full((60, 80), 255, dtype=np.uint8)
    labels[:, :4] = (0, 1, 21, 8)
    save(folder / "segm_gt_7.png", labels)
    save(folder / "depth_gt_7.png", np.full((60, 80), 5000, dtype=np.uint16))
    save(folder / "7.png", grey())
    photo = one(tmp_path)
    assert photo.surfaces is not None
    assert photo.surfaces[0, :5].tolist() == [0, 1, 2, 3, UNLABELLED]
    assert photo.depth is not None
    assert (photo.depth == 5000).all()


@pytest.mark.parametrize(
    ("picture", "depth"),
    [
        ("rgb_00100.jpg", "sync_depth_00100.png"),
        ("color_00004.jpg", "depth_00004.png"),
        ("other_formats_TUM_color.png", "other_formats_TUM_depth.png"),
        ("a image 3.png", "a depth 3.png"),
    ],
)
def test_depth_is_paired_by_name(tmp_path: Path, picture: str, depth: str) -> None:
    save(tmp_path / "depth_x" / picture, grey())
    save(tmp_path / "depth_x" / depth, np.full((60, 80), 1200, dtype=np.uint16))
    found = one(tmp_path)
    assert found.depth is not None
    assert (found.depth == 1200).all()


def test_rotated_bits_and_raw_disparities_are_undone(tmp_path: Path) -> None:
    millimetres = np.full((60, 80), 2500, dtype=np.uint16)
    save(tmp_path / "depth_x/SUN_color.png", grey())
    save(tmp_path / "depth_x/SUN_depth.png", (millimetres << 3) | (millimetres >> 13))
    save(tmp_path / "depth_y/NYU_color.png", grey())
    save(tmp_path / "depth_y/NYU_depth.png", np.full((60, 80), 900, dtype=np.uint16).byteswap())
    sun, nyu = (ground_truth.read(source) for source in collection.find(tmp_path).sources)
    assert sun.depth is not None
    assert (sun.depth == 2500).all()
    assert nyu.depth is not None
    assert nyu.depth == pytest.approx(351.3 / (1092.5 - 900))


def test_room_types_are_their_folders_names(tmp_path: Path) -> None:
    save(tmp_path / "room_type/Living Room/1.PNG", grey())
    save(tmp_path / "room_type/garage/1.png", grey())
    found = collection.find(tmp_path)
    assert [source.room_type for source in found.sources] == [RoomType.LIVING_ROOM]
    assert [skipped.file for skipped in found.skipped] == ["room_type/garage"]


def test_no_two_photos_have_one_name(tmp_path: Path) -> None:
    for file in ("photos/room.jpg", "photos/room.png", "more/photos/room.png"):
        save(tmp_path / file, grey())
    names = [source.name for source in collection.find(tmp_path).sources]
    assert len(set(names)) == 3


def test_large_photos_are_reduced_with_all_that_is_known(tmp_path: Path) -> None:
    save(tmp_path / "x_label150.png", np.ones((600, 2000), dtype=np.uint8))
    save(tmp_path / "x.png", grey(600, 2000))
    photo = one(tmp_path)
    assert photo.rgb.shape == (307, 1024, 3)
    assert photo.surfaces is not None
    assert photo.surfaces.shape == (307, 1024)


def test_an_empty_folder_and_none_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToEvaluateError, match="holds no photo"):
        collection.find(tmp_path)
    with pytest.raises(NothingToEvaluateError, match="not a directory"):
        collection.find(tmp_path / "missing")


def test_labels_without_their_picture_are_told(tmp_path: Path) -> None:
    save(tmp_path / "photos/room.webp", grey())
    save(tmp_path / "a_label150.png", grey()[..., 0])
    save(tmp_path / "seg40_x/3_mask.png", grey()[..., 0])
    save(tmp_path / "depth_x/depth_3.png", grey()[..., 0])
    save(tmp_path / "depth_seg_x/depth_gt_4.png", grey()[..., 0])
    found = collection.find(tmp_path)
    assert [source.name for source in found.sources] == ["photos-room"]
    assert len(found.skipped) == 4
    assert all("missing" in skipped.reason for skipped in found.skipped)


def test_files_that_are_not_what_they_say_are_named(tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    with pytest.raises(UnreadableError, match=r"text\.jpg cannot be read"):
        ground_truth.read(Source(name="x", picture=text))
    picture = save(tmp_path / "room.png", grey())
    cut = tmp_path / "cut.png"
    cut.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(UnreadableError, match=r"cut\.png"):
        ground_truth.read(Source(name="x", picture=cut))
    with pytest.raises(UnreadableError, match="dimensions"):
        ground_truth.read(Source(name="x", picture=picture, ade20k=picture))
    with pytest.raises(UnreadableError, match="another form"):
        ground_truth.read(Source(name="x", picture=picture, depth=save(tmp_path / "d.png", grey(80, 60)[..., 0])))
    with pytest.raises(UnreadableError, match="smaller than"):
        ground_truth.read(Source(name="x", picture=save(tmp_path / "tiny.png", grey(4, 4))))


def test_photos_without_labels_are_two_halves_and_pictures_of_something_else_no_rooms(tmp_path: Path) -> None:
    for name in ("more/kitchen_8", "more/kitchen_9", "more/kitchen", "nonrooms/dog"):
        save(tmp_path / f"{name}.png", grey())
    found = collection.find(tmp_path)
    assert {(one.name, one.half, one.is_room) for one in found.sources} == {
        ("more-kitchen_8", "A", True),
        ("more-kitchen_9", "B", True),
        ("nonrooms-dog", None, False),
    }
    assert [one.file for one in found.skipped] == ["more/kitchen.png"]
