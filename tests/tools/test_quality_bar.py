"""Published restylings pass the bar, and spoilt ones do not."""

from pathlib import Path

import pytest

from gateway.worker.settings import WorkerSettings
from tools import quality_bar

pytestmark = pytest.mark.slow  # scores dozens of pictures


PAIRS = ("controlnet_mlsd_1_1", "controlnet_normal_2_5", "roomgpt_generated_pic_2")
"""One of each room."""


def test_published_results_lie_above_the_bar_and_spoilt_ones_below(rooms_folder: Path, tmp_path: Path) -> None:
    for folder in ("pairs", "more"):
        (tmp_path / folder).mkdir()
    for name in PAIRS:
        for side in ("before", "after"):
            (tmp_path / "pairs" / f"{name}_{side}.jpg").symlink_to(rooms_folder / "pairs" / f"{name}_{side}.jpg")
    for number, file in enumerate(sorted((rooms_folder / "more").glob("*.jpg"))[:7]):
        (tmp_path / "more" / f"{number}.jpg").symlink_to(file)
    found = list(quality_bar.scores(tmp_path, quality_bar.lite))
    bar = WorkerSettings.quality_bar
    assert [one.room for one in found if one.good and one.overall < bar] == []
    assert [(one.room, one.kind) for one in found if not one.good and one.overall >= bar] == []
    assert len({one.kind for one in found}) == 6
    assert "| published result | 3 |" in quality_bar.table(found)
