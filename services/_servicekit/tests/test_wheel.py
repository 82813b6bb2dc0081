"""What production installs of servicekit: the package alone, without tests and what they need."""

import re
import subprocess
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[3]
UV = ROOT / "build" / "uv" / "bin" / "uv"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--offline", "--wheel", "--build-constraints", "requirements.build.lock", "--out-dir", str(folder)]
    built = subprocess.run(
        [str(UV), "build", *options, "services/_servicekit"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if built.returncode and "offline" in built.stderr:
        pytest.skip("uv's cache lacks hatchling, which `make .venv-dev/ready` builds with")
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


def test_it_holds_the_package_with_its_data_and_nothing_of_the_tests(wheel: ZipFile) -> None:
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    source = ROOT / "services" / "_servicekit"
    there = [path for path in (source / "servicekit").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sorted(names) == sorted(path.relative_to(source).as_posix() for path in there)
    assert not [name for name in names if {"tests", "testing", "fixtures", "conftest.py"} & set(name.split("/"))]
    assert not [name for name in names if b"import pytest" in wheel.read(name)]


def test_transports_to_hosted_models_are_extras(wheel: ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    needs = message_from_bytes(wheel.read(path)).get_all("Requires-Dist", [])
    extras = {re.split(r"[\[>]", need)[0]: need.partition("extra == ")[2].strip("'\"") for need in needs}
    assert (extras["modal"], extras["tritonclient"]) == ("modal", "triton")
    assert "pytest" not in extras
