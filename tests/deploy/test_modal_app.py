"""The app on Modal: what is asked for when it is deployed, and what containers say when something is missing."""

import asyncio
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("modal", reason="the modal extra is not installed")

from deploy.modal import app, image
from deploy.modal.hosting import Host
from deploy.modal.settings import PREFIX, SERVICES, Settings, environment
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import ServiceError
from servicekit.inference.modal.wire import Outcome, Request, error, pack, unpack
from tests.fixtures.modal_deploy import DeploySite
from tests.fixtures.modal_server import serving

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> Iterator[DeploySite]:
    """Modal, after the app was deployed with no setting made."""
    loop = asyncio.new_event_loop()
    with serving(DeploySite("modomo", {}, loop), loop) as site:
        app.app.deploy()
        yield site


def function(site: DeploySite, name: str) -> Any:
    (found,) = [
        request.function for request in site.all("FunctionCreateRequest") if request.function.function_name == name
    ]
    return found


def commands(site: DeploySite) -> list[str]:
    return [line for request in site.all("ImageGetOrCreateRequest") for line in request.image.dockerfile_commands]


@pytest.mark.slow
def test_containers_have_the_missions_gpu_timeout_and_numbers(site: DeploySite) -> None:
    models = function(site, "Models.*")
    assert (models.resources.gpu_config.gpu_type, models.resources.gpu_config.count) == ("T4", 1)
    assert models.timeout_secs == 120
    scaling = models.autoscaler_settings
    assert (scaling.min_containers, scaling.max_containers, scaling.scaledown_window) == (0, 10, 60)
    assert models.max_concurrent_inputs == 4
    assert not models.checkpointing_enabled


def test_containers_read_the_weights_and_reach_nobody(site: DeploySite) -> None:
    models, pull = function(site, "Models.*"), function(site, "pull")
    assert models.block_network
    assert [(mount.mount_path, mount.read_only) for mount in models.volume_mounts] == [("/weights", True)]
    assert [(mount.mount_path, mount.read_only) for mount in pull.volume_mounts] == [("/weights", False)]
    assert pull.resources.gpu_config.count == 0
    assert not pull.block_network


def test_every_method_that_an_engine_asks_for_is_there(site: DeploySite) -> None:
    methods = function(site, "Models.*").method_definitions
    engines = [
        *ROOT.glob("services/*/*/engine/modal.py"),
        ROOT / "services/_servicekit/servicekit/inference/modal/client.py",
    ]
    asked = {name for path in engines for name in re.findall(r'\.(?:ask|stream)\(\s*"(\w+)"', path.read_text())}
    assert asked == set(methods) == {"models", "detect", "infer", "restyle"}


def test_the_image_installs_what_is_locked_and_nothing_of_ours_but_what_runs(site: DeploySite) -> None:
    (install,) = [line for line in commands(site) if "pip install" in line and "/src/" in line]
    for lock in ("--constraints /src/requirements.lock", "--build-constraints /src/requirements.build.lock"):
        assert lock in install
    assert "--overrides /src/requirements.overrides" in install
    assert all(f"/src/services/{service}[torch,modal]" in install for service in SERVICES)
    copied = {file.filename for request in site.all("MountGetOrCreateRequest") for file in request.files}
    ours = {name for name in copied if name.startswith("/src/")}
    assert {"/src/requirements.lock", "/src/services/diffusion/diffusion/styles/boho.toml"} <= ours
    assert "/src/protos/gen/modomo/type/v1/image_pb2.py" in ours
    assert not [name for name in ours if "/tests/" in name or "/gateway/" in name or "__pycache__" in name]
    assert [name for name in copied if name.endswith("/deploy/modal/app.py")], "the app itself"


def test_the_image_is_built_with_the_uv_of_all_other_builds() -> None:
    (version,) = re.findall(r"^UV_VERSION := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert version == image.UV


@pytest.mark.slow
def test_a_container_that_has_no_checkout_can_load_the_app(tmp_path: Path) -> None:
    """There, `deploy` lies alone in the home folder, and the services are installed packages."""
    shutil.copytree(ROOT / "deploy" / "modal", tmp_path / "deploy" / "modal")
    variables = {name: text for name, text in os.environ.items() if not name.startswith("MODOMO_")}
    environ = {**variables, **environment(Settings(services=("detection",)), {}), "MODOMO_MODAL_SERVICES": "detection"}
    code = "from deploy.modal import app; print(app.__file__, app.settings.services)"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env=environ, text=True)
    assert said.split() == [str(tmp_path / "deploy/modal/app.py"), "('detection',)"]


def test_the_services_settings_travel_and_their_addresses_stay() -> None:
    here = {
        "MODOMO_DIFFUSION_FAST_LORA": "none",
        "MODOMO_DIFFUSION_ENGINE": "lite",
        "MODOMO_DETECTION_LISTEN": "0.0.0.0:1",
        "MODOMO_MODAL_SERVICES": "diffusion",
        "MODOMO_S3_SECRET_ACCESS_KEY": "secret",
        "HOME": "/home/me",
    }
    there = environment(Settings(services=("diffusion",)), here)
    assert there["MODOMO_DIFFUSION_FAST_LORA"] == "none"
    assert there["MODOMO_DIFFUSION_DEVICE"] == "cuda"
    assert there["MODOMO_MODAL_SERVICES"] == "diffusion"
    assert not {"MODOMO_DIFFUSION_ENGINE", "MODOMO_DETECTION_LISTEN", "MODOMO_S3_SECRET_ACCESS_KEY", "HOME"} & set(
        there
    )


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("SERVICES", "detection,kitchen", "services must be some of .* not kitchen"),
        ("MAX_CONTAINERS", "0", "containers must be"),
        ("MIN_CONTAINERS", "11", "containers must be"),
        ("MIN_CONTAINERS", "many", "MODOMO_MODAL_MIN_CONTAINERS must be of type int"),
        ("TIMEOUT_SECONDS", "0", "timeout_seconds must be at least 1"),
        ("SCALEDOWN_SECONDS", "1", "scaledown_seconds must lie in 2–1200"),
        ("SNAPSHOT", "maybe", "MODOMO_MODAL_SNAPSHOT must be true or false"),
        ("GPU_SNAPSHOT", "true", "gpu_snapshot is a kind of snapshot, and snapshot is false"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(name: str, text: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong):
        env.read(Settings, prefix=PREFIX, environ={f"{PREFIX}{name}": text})


@pytest.mark.parametrize(
    ("chosen", "before", "after"),
    [
        (("SNAPSHOT",), ["prepare"], ["load"]),
        (("SNAPSHOT", "GPU_SNAPSHOT"), ["prepare", "load"], []),
    ],
    ids=["libraries are there and no model is", "models have run"],
)
def test_a_snapshot_is_taken_when(
    monkeypatch: pytest.MonkeyPatch, chosen: tuple[str, ...], before: list[str], after: list[str]
) -> None:
    from modal._partial_function import _find_callables_for_obj, _PartialFunctionFlags

    for name in chosen:
        monkeypatch.setenv(f"MODOMO_MODAL_{name}", "true")
    reloaded = importlib.reload(app)
    try:
        models: Any = reloaded.Models
        instance = models._get_user_cls()()
        assert [*_find_callables_for_obj(instance, _PartialFunctionFlags.ENTER_PRE_SNAPSHOT)] == before
        assert [*_find_callables_for_obj(instance, _PartialFunctionFlags.ENTER_POST_SNAPSHOT)] == after
    finally:
        monkeypatch.undo()
        importlib.reload(app)


async def failure(answer: bytes) -> ServiceError:
    outcome = unpack(answer, Outcome)
    assert outcome.failure is not None
    return error(outcome.failure)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"MODOMO_WEIGHTS": "/nowhere", "MODOMO_CONTROLMAPS_DEVICE": "cpu"}, "/nowhere"),
        ({"MODOMO_CONTROLMAPS_DEVICE": "cuda:99"}, "there is no device 'cuda:99' here"),
        ({"MODOMO_CONTROLMAPS_TEMPERATURE": "0"}, "temperature must be above 0"),
    ],
)
async def test_a_container_that_cannot_serve_lives_and_says_why(variables: dict[str, str], said: str) -> None:
    pytest.importorskip("torch", reason="the torch extras are not installed")
    host = Host(["controlmaps"], variables)
    await host.load()
    told = await failure(await host.models(pack(Request(body=pack("controlmaps")))))
    assert said in told.message
    question = {"task": "depth", "pixels": np.zeros((1, 8, 8, 3), dtype=np.uint8)}
    busy = await failure(await host.infer(pack(Request(body=pack(question)))))
    assert busy.retryable
    assert said not in busy.message
    await host.close()


async def test_a_service_that_is_left_out_is_named() -> None:
    told = await failure(await Host(["diffusion"], {}).models(pack(Request(body=pack("detection")))))
    assert told.message == "detection is not hosted; MODOMO_MODAL_SERVICES has diffusion."


def test_a_pull_that_fails_ends_the_function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODOMO_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with (
        pytest.warns(UserWarning, match="will not have access to the mounted Volume"),
        pytest.raises(RuntimeError, match="the weights of detection could not be pulled"),
    ):
        app.pull.local()
