"""The measuring programs work where there is no GPU, on tiny models and on shapes alone."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd.options import Control
from tools.gpu import flops, modes, speed
from tools.gpu.full_size import full_size


@pytest.mark.slow
def test_the_speed_program_prints_every_way_beside_stock(capsys: pytest.CaptureFixture[str]) -> None:
    speed.main(["--tiny", "--device", "cpu", "--sides", "64", "--controlnets", "1", "--repeat", "1", "--variants", "2"])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| 64²")]
    assert [row[2] for row in rows][:2] == ["stock diffusers", "ours"]
    assert len(rows) == 6
    assert all(float(row[3]) > 0 for row in rows)


@pytest.mark.slow
def test_the_counted_operations_are_those_of_the_published_models() -> None:
    models = full_size(flops.META, (Control.DEPTH,))
    parameters = {name: sum(one.numel() for one in module.parameters()) for name, module in models.named().items()}
    assert parameters["UNet"] == 859_520_964
    assert parameters["ControlNet depth"] == 361_279_120
    assert parameters["VAE"] == 83_653_863
    assert parameters["text encoder"] == 123_060_480
    parts = flops.part_flops(models, 512)
    assert parts["UNet"] == pytest.approx(0.803e12, rel=0.01)
    assert parts["ControlNet"] == pytest.approx(0.283e12, rel=0.01)
    nets = tuple(flops.NETS)
    assert flops.picture_flops(parts, nets, ours=True) < flops.picture_flops(parts, nets, ours=False) / 1.2


@pytest.mark.slow
def test_the_modes_program_prints_every_mode_beside_stock(capsys: pytest.CaptureFixture[str]) -> None:
    modes.main(["--tiny", "--device", "cpu", "--repeat", "1"])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == [*(way.name for way in modes.ways(96, 128)), "group of two photos"]
    by_name = {row[0]: row for row in rows}
    assert "finish" in by_name["quality, two passes"][1]
    assert float(by_name["stage"][4]) > 0, "stock can make its first pass"
    assert all(int(row[2]) > 0 and float(row[3]) > 0 for row in rows)


def test_what_runs_on_a_lent_gpu_is_all_there_and_ends_within_eight_minutes() -> None:
    script = Path(__file__).parents[1] / "gpu" / "run.sh"
    subprocess.run(["sh", "-n", script], check=True)
    steps = [line.split() for line in script.read_text().splitlines() if line.startswith("step ")]
    assert sum(int(words[2]) for words in steps) < 480
    programs = [words[words.index("-m") + 1] for words in steps]
    assert all(importlib.util.find_spec(name) for name in programs)
    assert {"tools.gpu.modes", "tools.gpu.speed", "tools.gpu.vision_speed"} <= set(programs)
