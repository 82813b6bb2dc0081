"""Images hold what their service needs and nothing else, run as nobody, and say how they are."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deploy.dependency_closure import closure
from tests.deploy.dockerfile import Stage, stages

ROOT = Path(__file__).parents[2]
PORTS = {
    "gateway": "8000 50050",
    "notifier": "50054",
    "detection": "50051",
    "controlmaps": "50052",
    "diffusion": "50053",
}
BUILD_TOOLS = {"pip", "uv", "setuptools", "wheel", "hatchling", "pytest", "grpcio-tools", "ruff", "mypy", "moto"}


def images(service: str) -> tuple[Stage, Stage]:
    """The stages of a service's Dockerfile: where it is built, and what is shipped."""
    build, shipped = stages(ROOT / "services" / service / "Dockerfile")
    return build, shipped


@pytest.mark.parametrize("service", PORTS)
def test_it_is_built_apart_from_locked_hashes(service: str) -> None:
    build, _shipped = images(service)
    light = service in ("gateway", "notifier")
    kind = "bookworm" if light else "slim-bookworm"  # the one has git and what else a build may need
    assert re.fullmatch(rf"python:3\.11\.\d+-{kind}@sha256:[0-9a-f]{{64}}", build.base)
    tools, packages, *lightening = (one.text for one in build.all("RUN"))
    assert bool(lightening) == light
    assert "--require-hashes --requirement requirements.build.lock" in tools
    assert "--constraints requirements.lock" in packages
    assert "--build-constraints requirements.build.lock" in packages
    assert packages.count("./services/") == 1
    assert "--no-editable" in packages, "what is editable stays in the build stage"
    copied = {source for one in build.all("COPY") for source in one.text.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    own = {f"services/{service}", "services/_servicekit", "services/_roomnet", "protos"}
    assert {source for source in copied if "/" in source or source == "protos"} <= own


@pytest.mark.parametrize("service", PORTS)
def test_what_ships_runs_as_nobody_and_is_labelled(service: str) -> None:
    _build, shipped = images(service)
    assert not shipped.all("RUN")  # nothing is installed into it: no build tools
    (copy,) = shipped.all("COPY")
    assert copy.text == "--from=build /opt/modomo /opt/modomo"
    assert shipped.last("USER").text == "10001:10001"
    assert shipped.last("WORKDIR").text == "/tmp"
    assert shipped.last("EXPOSE").text == PORTS[service]
    assert shipped.last("ENTRYPOINT").words == ["python", "-m", service]
    for label in ("title", "description", "version", "revision", "licenses"):
        assert f"org.opencontainers.image.{label}=" in shipped.last("LABEL").text
    name, _at, digest = shipped.base.partition("@")
    for label, value in {"name": name, "digest": digest}.items():
        assert f'org.opencontainers.image.base.{label}="{value}"' in shipped.last("LABEL").text
    assert json.loads(shipped.last("HEALTHCHECK").text.partition(" CMD ")[2])
    environ = shipped.last("ENV").text
    for port in PORTS[service].split():
        assert f"=0.0.0.0:{port}" in environ


def test_what_others_made_is_named_by_its_digest() -> None:
    dockerfiles = [*ROOT.glob("services/*/Dockerfile"), ROOT / "deploy/railway/Dockerfile"]
    named = {stage.base for path in dockerfiles for stage in stages(path)}
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"].values()
    named |= {one["image"] for one in compose if not one["image"].startswith("modomo/")}
    trial = yaml.safe_load((ROOT / "deploy/helm/modomo/values.yaml").read_text())["global"]["try"]
    named |= {value for key, value in trial.items() if key.endswith("Image")}
    assert {name.partition(":")[0] for name in named} == {"python", "valkey/valkey", "versity/versitygw"}
    assert not [name for name in named if not re.fullmatch(r"[a-z/]+:v?\d+(\.\d+){2}[a-z-]*@sha256:[0-9a-f]{64}", name)]
    assert len(named) == 4, "each of them in one version"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements.build.lock"])
def test_locks_have_a_hash_for_everything_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    packages = re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text


def test_the_build_lock_has_the_tools_that_are_used() -> None:
    locked = (ROOT / "requirements.build.lock").read_text()
    (version,) = re.findall(r"^UV_VERSION := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"uv=={version} " in locked
    for path in ROOT.glob("services/*/pyproject.toml"):
        (backend,) = tomllib.loads(path.read_text())["build-system"]["requires"]
        assert f"{re.match(r'[a-z]+', backend)[0]}==" in locked  # type: ignore[index]  # a requirement begins with a name


@pytest.mark.parametrize(
    ("requirement", "wanted", "unwanted"),
    [
        (
            "modomo-gateway[tracing]",
            {"fastapi", "redis", "aioboto3", "pillow", "opentelemetry-sdk"},
            {"torch", "numpy", "modomo-roomnet"},
        ),
        (
            "modomo-notifier[tracing]",
            {"redis", "httpcore", "opentelemetry-sdk"},
            {"torch", "numpy", "aiobotocore", "fastapi", "opencv-python-headless"},
        ),
        ("modomo-detection[lite]", {"modomo-roomnet", "numpy"}, {"torch", "redis", "aiobotocore", "ultralytics"}),
        ("modomo-controlmaps[lite]", {"modomo-roomnet", "numpy"}, {"torch", "redis", "aiobotocore", "transformers"}),
        ("modomo-diffusion[lite]", {"opencv-python-headless"}, {"torch", "redis", "aiobotocore", "diffusers"}),
        (
            "modomo-diffusion[torch]",
            {"torch", "diffusers", "nvidia-ml-py"},
            {"redis", "aiobotocore", "ultralytics", "modomo-roomnet"},
        ),
        ("modomo-detection[torch]", {"torch", "ultralytics", "sam2"}, {"redis", "aiobotocore", "diffusers"}),
    ],
)
def test_an_image_holds_what_its_service_needs_alone(requirement: str, wanted: set[str], unwanted: set[str]) -> None:
    found = closure(requirement)
    assert wanted <= found
    assert not (unwanted | BUILD_TOOLS) & found - ({"setuptools"} if "torch" in wanted else set())
    assert len({name for name in found if name.startswith("opencv")}) <= 1
    cuda = [re.sub(r"-cu\d+$", "", name) for name in found if name.startswith("nvidia-")]
    assert len(cuda) == len(set(cuda)), "CUDA twice"


def test_a_line_that_is_no_instruction_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUNN pip\n")
    with pytest.raises(ValueError, match="RUNN pip"):
        stages(tmp_path / "Dockerfile")
