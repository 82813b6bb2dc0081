"""Images have names and tags of their own; their bills are valid; their weights are those of their layers."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.images import builders, catalogue, contents, sbom, weight
from tools.images.__main__ import main

ROOT = Path(__file__).parents[2]


def test_every_image_has_a_reference_of_its_own_and_a_dockerfile() -> None:
    references = [image.reference("1.2.3") for image in catalogue.IMAGES]
    assert len(set(references)) == len(references)
    assert {"modomo/gateway:1.2.3", "modomo/diffusion:1.2.3-torch", "modomo/detection:1.2.3-lite"} <= set(references)
    assert all((ROOT / image.dockerfile).exists() for image in catalogue.IMAGES)
    assert catalogue.chosen(["triton"])[0].reference("1.2.3", "host/path/") == "host/path/modomo/triton:1.2.3"


def test_compose_runs_images_of_the_catalogue() -> None:
    known = {image.reference((ROOT / "VERSION").read_text().strip()) for image in catalogue.IMAGES}
    for name in ("compose.yaml", "compose.cpu.yaml"):
        text = (ROOT / "deploy" / name).read_text().replace("!reset", "")
        found = {one["image"] for one in yaml.safe_load(text)["services"].values() if "image" in one}
        assert {image for image in found if image.startswith("modomo/")} <= known


def test_lite_is_what_the_lite_engines_need() -> None:
    assert [image.name for image in catalogue.chosen(["lite"])] == [
        "gateway",
        "notifier",
        "detection-lite",
        "controlmaps-lite",
        "diffusion-lite",
    ]


@pytest.mark.parametrize(("words", "named"), [(["nope"], "nope"), (["--builder", "kaniko", "gateway"], "kaniko")])
def test_what_is_not_known_is_named(words: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert named in capsys.readouterr().err


def test_without_a_builder_it_says_what_it_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["gateway"]) == 2
    assert "docker and podman and buildah cannot be run here" in capsys.readouterr().err


def test_a_program_that_does_not_work_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for program, status in (("docker", 1), ("podman", 0)):  # docker without its daemon
        (tmp_path / program).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert builders.find().program == "podman"


def test_a_bill_is_valid_and_names_what_is_installed_here() -> None:
    found = {"python": contents.python_packages(), "debian": contents.debian_packages()}
    bill = sbom.bill("modomo/gateway:1.2.3", json.dumps(found))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    components = {one["name"]: one for one in json.loads(bill)["components"]}
    assert components["modomo-gateway"]["purl"].startswith("pkg:pypi/modomo-gateway@")
    assert "pytest" in components


@pytest.mark.parametrize("contents", ["", "Traceback", "{}", '{"python": [{}], "debian": []}', '{"python": 3}'])
def test_what_is_no_contents_is_refused(contents: str) -> None:
    with pytest.raises(ValueError, match=r"modomo/gateway:1\.2\.3 did not tell its contents"):
        sbom.bill("modomo/gateway:1.2.3", contents)


def test_debian_packages_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(
        "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\nDescription: C\n more\n\n"
        "Package: old\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n"
    )
    monkeypatch.setattr(contents, "STATUS", status)
    assert contents.debian_packages() == [{"package": "libc6", "version": "2.36-9", "architecture": "amd64"}]


@pytest.mark.parametrize("zipped", [False, True])
def test_an_archive_weighs_what_its_layers_do(tmp_path: Path, *, zipped: bool) -> None:
    layers = {"a.tar": bytes(100_000), "b.tar": bytes(range(256)) * 100}
    parts = {name: gzip.compress(data) if zipped else data for name, data in layers.items()}
    parts["manifest.json"] = json.dumps([{"Layers": list(layers)}]).encode()
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    weighed = weight.of_archive(tmp_path / "image.tar")
    assert weighed.unpacked == 125_600
    assert 0 < weighed.packed < 2_000


@pytest.mark.parametrize("text", [b"", b"no archive"])
def test_what_is_no_archive_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "image.tar").write_bytes(text)
    with pytest.raises(ValueError, match=r"image\.tar is no archive of one image"):
        weight.of_archive(tmp_path / "image.tar")
