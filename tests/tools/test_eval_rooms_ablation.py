"""The table of what each step earns."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roomnet.analysis import Step
from tests.fixtures.rooms import draw_room
from tools.eval_rooms import ablation


@pytest.mark.slow
def test_every_step_has_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = draw_room(160, 120)
    labels = np.where(room.floor, 4, 1).astype(np.uint8)
    Image.fromarray(room.photo).save(tmp_path / "x.png")
    Image.fromarray(labels).save(tmp_path / "x_label150.png")
    monkeypatch.setenv("MODOMO_ROOMS", str(tmp_path))
    assert ablation.main() == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0] for row in rows[2:]] == [
        "| everything",
        *(f"| without {step}" for step in Step),
        "| the network alone",
    ]


def test_without_a_folder_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MODOMO_ROOMS", raising=False)
    assert ablation.main() == 2
    assert "MODOMO_ROOMS" in capsys.readouterr().err
