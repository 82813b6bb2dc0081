import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from servicekit.weights import WeightStore


@pytest.mark.timeout(600)  # loads torch and makes the tiny models
def test_the_command_says_which_setting_to_make(
    tiny_vision: WeightStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from controlmaps import calibrate

    random = np.random.default_rng(2)
    for folder in ("bedroom", "kitchen", "elsewhere"):
        (tmp_path / folder).mkdir()
        for index in range(4):
            pixels = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    monkeypatch.setenv("MODOMO_WEIGHTS", str(tiny_vision.directory))
    monkeypatch.setattr(sys, "argv", ["calibrate", str(tmp_path)])
    calibrate.main()
    printed = capsys.readouterr().out
    assert printed.startswith("12 photos")
    assert "MODOMO_CONTROLMAPS_TEMPERATURE=" in printed
    monkeypatch.setattr(sys, "argv", ["calibrate", str(tmp_path / "bedroom")])
    with pytest.raises(SystemExit):
        calibrate.main()
    assert "has 0 labelled photos" in capsys.readouterr().err
