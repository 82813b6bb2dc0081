"""Published restylings pass the bar, and spoilt ones do not."""

from pathlib import Path

import pytest

from gateway.worker.settings import WorkerSettings
from tools import quality_bar

pytestmark = pytest.mark.slow  # scores dozens of pictures


def test_published_results_lie_above_the_bar_and_spoilt_ones_below(
    rooms_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_bar, "OTHERS", slice(6, None, 50))
    found = list(quality_bar.scores(rooms_folder, quality_bar.lite))
    bar = WorkerSettings.quality_bar
    assert [one.room for one in found if one.good and one.overall < bar] == []
    assert [(one.room, one.kind) for one in found if not one.good and one.overall >= bar] == []
    assert len({one.kind for one in found}) == 6
    assert "| published result | 7 |" in quality_bar.table(found)
