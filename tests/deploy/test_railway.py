"""One container on Railway: what it is built of, what its processes are told, and that all end when one does."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.chartdocs.__main__ import SETTINGS
from deploy.local import ports
from deploy.local.processes import STOP_SECONDS
from deploy.railway.__main__ import PROCESSES
from deploy.railway.variables import variables
from detection.settings import Settings as DetectionSettings
from servicekit.config.env import variable_name
from tests.deploy.dockerfile import stages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "railway"


def test_the_image_is_built_from_locked_hashes_and_runs_as_nobody() -> None:
    build, shipped = stages(FOLDER / "Dockerfile")
    tools, packages, _lightening = (one.text for one in build.all("RUN"))
    assert "--require-hashes --requirement requirements.build.lock" in tools
    assert "--constraints requirements.lock" in packages
    assert "--build-constraints requirements.build.lock" in packages
    assert set(re.findall(r'"./services/(\S+)"', packages)) == {
        *("gateway", "notifier"),
        *("detection[modal]", "controlmaps[modal]", "diffusion[modal]"),
    }
    assert not shipped.all("RUN")
    assert shipped.last("USER").text == "10001:10001"
    assert shipped.last("ENTRYPOINT").words == ["python", "-m", "deploy.railway"]


def test_all_that_the_image_copies_is_there_and_sent_to_the_builder() -> None:
    build, shipped = stages(FOLDER / "Dockerfile")
    own = [one.text.split()[:-1] for one in (*build.all("COPY"), *shipped.all("COPY")) if "--from" not in one.text]
    sent = re.findall(r"(?m)^!(\S+)$", (ROOT / ".dockerignore").read_text())
    for source in (name for names in own for name in names):
        assert (ROOT / source).exists()
        assert any(source == entry or source.startswith(f"{entry}/") for entry in sent), source


def test_what_the_supervisor_imports_is_in_the_image() -> None:
    code = "import sys, deploy.railway.__main__; print(*(name for name in sys.modules if name.startswith('deploy.')))"
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split()
    _build, shipped = stages(FOLDER / "Dockerfile")
    copied = " ".join(one.text for one in shipped.all("COPY"))
    for name in loaded:
        path = name.replace(".", "/")
        assert any(part in copied for part in (f"{path}.py", f"{path}/__init__.py", str(Path(path).parent), path)), name
    assert "deploy.local.stack" not in loaded  # the supervisor stays small


def test_the_platform_is_told_what_exists() -> None:
    told = json.loads((FOLDER / "railway.json").read_text())
    assert ROOT / told["build"]["dockerfilePath"] == FOLDER / "Dockerfile"
    deploy = told["deploy"]
    assert deploy["healthcheckPath"] == "/health/ready"
    assert isinstance(deploy["drainingSeconds"], int)  # text is refused
    assert deploy["drainingSeconds"] > 2 * STOP_SECONDS  # the supervisor ends its processes in two turns


def test_every_variable_is_one_that_a_process_reads() -> None:
    known = {
        variable_name(field, prefix)
        for prefix, kinds in SETTINGS.values()
        for kind in kinds
        for field in dataclasses.fields(kind)
    }
    told = variables({"PORT": "8080", "REDIS_URL": "redis://r/0"})
    ours = {name for name in told if name.startswith("MODOMO_")}
    assert ours <= known, ours - known


def test_railways_own_variables_are_understood_and_what_is_set_wins() -> None:
    told = variables({"PORT": "8080", "REDIS_URL": "redis://r/0", "RAILWAY_PUBLIC_DOMAIN": "rooms.example"})
    assert told["MODOMO_GATEWAY_LISTEN"] == "0.0.0.0:8080"
    assert told["MODOMO_REDIS_URL"] == "redis://r/0"
    assert told["MODOMO_GATEWAY_PUBLIC_URL"] == "https://rooms.example"
    assert variables({"MODOMO_WORKER_PARALLEL_JOBS": "8"})["MODOMO_WORKER_PARALLEL_JOBS"] == "8"
    assert variables({})["MODOMO_GATEWAY_LISTEN"] == "0.0.0.0:8000"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_process_that_cannot_start_ends_all_and_is_named(tmp_path: Path) -> None:
    """Without a token for Modal; each of the others would run, or wait for Redis."""
    (port,) = ports.free(1)
    (models,) = ports.free(1)
    environ = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PORT": str(port),
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "MODOMO_STORAGE": "local",
        "MODOMO_DATA_DIR": str(tmp_path),
        "MODOMO_URL_SECRET": "s" * 64,
        "MODOMO_GATEWAY_AUTH": "insecure",
        "MODOMO_DETECTION_LISTEN": f"127.0.0.1:{models}",
        "MODOMO_NOTIFIER_LISTEN": "127.0.0.1:0",
        "MODOMO_GATEWAY_GRPC_LISTEN": "127.0.0.1:0",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.railway"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 78, ended.stderr[-2000:]
    assert "models ended by itself" in ended.stderr
    said = ended.stdout + ended.stderr
    assert "MODOMO_MODAL: 'modomo' on Modal: AuthError: Token missing" in said


def test_every_process_has_the_time_that_it_drains_for() -> None:
    told = variables({})
    drains = {name: float(told[f"MODOMO_{name}_DRAIN_SECONDS"]) for name in ("GATEWAY", "WORKER", "NOTIFIER")}
    assert max(drains["GATEWAY"], drains["WORKER"]) + drains["NOTIFIER"] < STOP_SECONDS
    assert DetectionSettings().drain_seconds < STOP_SECONDS
    assert list(PROCESSES) == ["models", "front"]
