"""Which engines `make run` takes: of itself, for all services, and for single ones."""

import os
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from controlmaps.settings import Settings as ControlMapsSettings
from deploy.local import conversion, ports
from deploy.local.errors import ObstacleError
from deploy.local.layout import CPU, Layout, environment
from deploy.local.options import layout_from, on_port
from detection.settings import Settings as DetectionSettings
from diffusion.settings import Settings as DiffusionSettings
from gateway.worker.settings import WorkerSettings
from servicekit.config import env
from servicekit.weights import Manifest
from servicekit.weights.lock import LOCK_NAME, Lock, LockedFile, LockedModel

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_engine_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MODOMO_") and name.endswith("_ENGINE")]:
        monkeypatch.delenv(name)


def pull(directory: Path, tier: str) -> None:
    """A store that holds a tier, one byte a file."""
    for entry in Manifest.shipped():
        if tier not in entry.tiers:
            continue
        for filename in entry.files:
            (directory / entry.name / filename).parent.mkdir(parents=True, exist_ok=True)
            (directory / entry.name / filename).write_bytes(b"x")
        files = {filename: LockedFile(size=1, sha256="0" * 64) for filename in entry.files}
        locked = LockedModel(repository=entry.repository, revision=entry.revision, commit=None, files=files)
        Lock(directory / LOCK_NAME).record(entry.name, locked)


def chosen(tmp_path: Path, **variables: str) -> Layout:
    (port,) = ports.free(1)
    return layout_from(
        {"PORT": str(port), "MODOMO_DATA_DIR": str(tmp_path / "data"), "MODOMO_WEIGHTS": str(tmp_path), **variables}
    )


@pytest.mark.skipif(find_spec("torch") is None, reason="the torch extras are not installed")
@pytest.mark.parametrize(
    ("gpu", "tiers", "expected"),
    [
        (False, ["cpu"], ("cpu", "")),
        (False, ["default", "cpu"], ("cpu", "")),
        (False, [], ("lite", "make weights TIER=cpu MODOMO_WEIGHTS=")),
        (False, ["default"], ("lite", "make weights TIER=cpu")),
        (True, ["default"], ("torch", "")),
        (True, ["cpu"], ("lite", "make weights MODOMO_WEIGHTS=")),
    ],
)
def test_of_itself_the_best_engine_that_has_its_weights_here_and_else_a_hint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gpu: bool, tiers: list[str], expected: tuple[str, str]
) -> None:
    engine, hint = expected
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/nvidia-smi" if gpu else None)
    for tier in tiers:
        pull(tmp_path, tier)
    layout = chosen(tmp_path)
    assert layout.engine == engine
    assert bool(layout.hint) is bool(hint)
    assert hint in layout.hint
    assert "\n" not in layout.hint
    assert chosen(tmp_path, MODOMO_ENGINE="lite").hint == ""


def test_a_tier_of_which_a_file_lacks_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    pull(tmp_path, "cpu")
    (tmp_path / "taesd" / "config.json").unlink()
    assert chosen(tmp_path).engine == "lite"


def test_cpu_is_the_torch_engines_on_the_tiers_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every variable is one that its service reads, and every model is pulled with the tier."""
    monkeypatch.setenv("MODOMO_DIFFUSION_FAST_LORA", "hyper-sd")
    found = environment(on_port(8000, data=tmp_path, engine="cpu"))
    detection, controlmaps, diffusion = (
        env.read(kind, prefix=f"MODOMO_{name}_", environ=found)
        for kind, name in (
            (DetectionSettings, "DETECTION"),
            (ControlMapsSettings, "CONTROLMAPS"),
            (DiffusionSettings, "DIFFUSION"),
        )
    )
    assert isinstance(detection, DetectionSettings)
    assert isinstance(controlmaps, ControlMapsSettings)
    assert isinstance(diffusion, DiffusionSettings)
    assert {one.engine for one in (detection, controlmaps, diffusion)} == {"torch"}
    assert {one.device for one in (detection, controlmaps, diffusion)} == {"cpu"}
    assert controlmaps.reduced
    assert diffusion.reduced
    assert diffusion.fast_lora == "hyper-sd", "what a person says wins"
    assert env.read(WorkerSettings, prefix="MODOMO_WORKER_", environ=found).quality_bar == 0
    assert found["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "OMP_WAIT_POLICY" not in environment(on_port(8000, data=tmp_path, engine="torch")), (
        "a GPU's host waits as ever"
    )
    used: set[str] = {detection.detector, detection.segmenter, controlmaps.depth_model, controlmaps.segmentation_model}
    used |= {diffusion.base, f"controlnet-{diffusion.structure}", CPU["diffusion"]["MODOMO_DIFFUSION_FAST_LORA"]}
    assert {entry.name for entry in Manifest.shipped() if "cpu" in entry.tiers} == used | {"taesd"}


def engines(found: Mapping[str, str]) -> list[str]:
    return [found[f"MODOMO_{service.upper()}_ENGINE"] for service in CPU]


def test_a_service_may_have_an_engine_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODOMO_CONTROLMAPS_ENGINE", "cpu")
    found = environment(on_port(8000, data=tmp_path, engine="lite"))
    assert engines(found) == ["lite", "torch", "lite"]
    assert found["MODOMO_CONTROLMAPS_DEPTH_MODEL"] == "depth-anything-small"
    assert "MODOMO_DIFFUSION_REDUCED" not in found
    assert "MODOMO_WORKER_QUALITY_BAR" not in found
    stated = on_port(8000, data=tmp_path, engine="cpu", overrides={"MODOMO_DETECTION_ENGINE": "triton"})
    assert engines(environment(stated)) == ["triton", "torch", "torch"]


def test_weights_that_a_single_service_lacks_are_named_with_their_command(tmp_path: Path) -> None:
    with pytest.raises(ObstacleError) as refused:
        chosen(tmp_path, MODOMO_ENGINE="lite", MODOMO_CONTROLMAPS_ENGINE="cpu", MODOMO_DIFFUSION_ENGINE="torch")
    said = str(refused.value)
    assert f"MODOMO_CONTROLMAPS_ENGINE=cpu, but there are no weights in {tmp_path}\n" in said
    assert f"      make weights TIER=cpu MODOMO_WEIGHTS={tmp_path}" in said
    assert f"MODOMO_DIFFUSION_ENGINE=torch, but there are no weights in {tmp_path}\n" in said
    with pytest.raises(ObstacleError, match="must be auto, lite, cpu or torch, not 'gpu'"):
        chosen(tmp_path, MODOMO_ENGINE="gpu")


@pytest.mark.parametrize(
    ("variables", "environment_used"),
    [
        ([], ".venv"),
        (["MODOMO_ENGINE=cpu"], ".venv-torch"),
        (["MODOMO_CONTROLMAPS_ENGINE=cpu"], ".venv-torch"),
        (["MODOMO_WEIGHTS={pulled}"], ".venv-torch"),
        (["MODOMO_WEIGHTS={pulled}", "MODOMO_ENGINE=lite"], ".venv"),
    ],
)
def test_make_installs_the_real_models_only_where_they_may_run(
    tmp_path: Path, variables: list[str], environment_used: str
) -> None:
    (tmp_path / LOCK_NAME).touch()
    given = [one.format(pulled=tmp_path) for one in variables]
    path = {"PATH": os.environ["PATH"], "MODOMO_WEIGHTS": str(tmp_path / "none")}
    said = subprocess.run(
        ["make", "--dry-run", "run", *given], cwd=ROOT, env=path, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == f"{environment_used}/bin/python -m deploy.local"


def test_make_weights_for_a_cpu_converts_what_that_engine_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], *, env: dict[str, str], check: bool) -> subprocess.CompletedProcess[str]:
        ran.append((command, env))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr("deploy.local.conversion.subprocess.run", run)
    monkeypatch.setenv("MODOMO_DIFFUSION_BASE", "dreamshaper")
    assert conversion.main() == 1
    ((command, env),) = ran
    assert command[1:] == ["-m", "diffusion.sd.openvino"]
    assert env["MODOMO_DIFFUSION_BASE"] == "dreamshaper"
    others = {name: value for name, value in CPU["diffusion"].items() if name != "MODOMO_DIFFUSION_BASE"}
    assert others.items() <= env.items()
    assert "$(if $(filter weights-cpu,$@-$(TIER))" in (ROOT / "Makefile").read_text()
