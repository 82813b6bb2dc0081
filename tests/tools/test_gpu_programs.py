"""The measuring programs work where there is no GPU, on tiny models and on shapes alone."""

import asyncio
import importlib.util
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="diffusion's torch extra is not installed")

from diffusion.sd import checkpoints, models
from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import STRUCTURES
from servicekit.weights import verified
from tools.gpu import cold_start, flops, modes, shortcuts, speed
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
    made = full_size(flops.META, (Control.DEPTH,))
    parameters = {name: sum(one.numel() for one in module.parameters()) for name, module in made.named().items()}
    assert parameters["UNet"] == 859_520_964
    assert parameters["ControlNet depth"] == 361_279_120
    assert parameters["VAE"] == 83_653_863
    assert parameters["text encoder"] == 123_060_480
    parts = flops.part_flops(made, 512)
    assert parts["UNet"] == pytest.approx(0.803e12, rel=0.01)
    assert parts["ControlNet"] == pytest.approx(0.283e12, rel=0.01)
    # what the T4's utilisation was taken from, and one that it was not: diffusers' table has 4.89 steps a second
    controlled = 2 * (parts["UNet"] + parts["ControlNet"] - parts["ControlNet hint"])
    assert flops.t4_milliseconds(2 * parts["UNet"]) == pytest.approx(1000 / 6.9, rel=0.03)
    assert flops.t4_milliseconds(controlled) == pytest.approx(1000 / 4.89, rel=0.1)
    plain, *shorter = (
        flops.denoising_flops(parts, STRUCTURES[Structure.EDGES], chosen, steps=20)
        for chosen in flops.SHORTCUTS.values()
    )
    assert all(short < plain for short in shorter)
    nets = tuple(flops.NETS)
    assert flops.picture_flops(parts, nets, ours=True) < flops.picture_flops(parts, nets, ours=False) / 1.2


@pytest.mark.slow
def test_the_shortcuts_program_says_how_far_pictures_are_from_the_plain_loops(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shortcuts.main(["--tiny", "--device", "cpu", "--repeat", "1"])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == list(flops.SHORTCUTS)
    assert [float(row[4]) > 0 for row in rows] == [False] + [True] * (len(rows) - 1)


@pytest.mark.slow
def test_a_cold_start_is_measured_to_the_first_step(tiny_diffusion: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((checkpoints, "_load"), (models, "fuse_lora"), (verified, "sha256")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back what the program watches
    parts = asyncio.run(cold_start.start(tiny_diffusion, "cpu", time.time(), reduced=True))
    assert {"imports", "read", "lora", "trial", "ready", "step"} <= set(parts)
    assert parts["imports"][0] < parts["ready"][0] < parts["step"][0]
    assert cold_start.table(parts).count("\n") == len(parts) + 1


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
    measured = ("modes", "speed", "vision_speed", "shortcuts", "cold_start")
    assert {f"tools.gpu.{name}" for name in measured} <= set(programs)
