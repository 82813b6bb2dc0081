"""On which Pythons and platforms `make run` installs, and what it does where there is none."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIND_PYTHON = ROOT / "deploy" / "local" / "find_python.sh"
UV = ROOT / "build" / "uv" / "bin" / "uv"
NO_INDEX = re.compile(r"Failed to fetch|error sending request|dns error|client error \(Connect\)")

STAND_IN = "echo 'pyenv: {name}: command not found' >&2; exit 127"
OF_VERSION = """exec {python} -c 'import sys; sys.version_info = {version}; exec(sys.argv[1])' "$2" """


def put(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script.format(name=name, python=sys.executable, version='{version}')}\n")
    path.chmod(0o755)


def python_of(folder: Path, name: str, version: tuple[int, int, int]) -> None:
    put(folder, name, OF_VERSION.replace("{version}", str(version)))


def find(folder: Path, *asked: str) -> subprocess.CompletedProcess[str]:
    """Runs the script where nothing else is on the PATH."""
    command = ["/bin/sh", str(FIND_PYTHON), *asked]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def test_the_newest_that_runs_is_taken_and_named_in_one_line(tmp_path: Path) -> None:
    put(tmp_path, "python3.14", STAND_IN)
    python_of(tmp_path, "python3.12", (3, 12, 3))
    python_of(tmp_path, "python3.11", (3, 11, 2))
    found = find(tmp_path)
    assert found.stdout == f"{tmp_path}/python3.12\n"
    assert found.stderr == f"Python 3.12.3: {sys.executable}\n"


def test_one_that_is_called_python3_will_do(tmp_path: Path) -> None:
    python_of(tmp_path, "python3", (3, 13, 0))
    assert find(tmp_path).stdout == f"{tmp_path}/python3\n"


def test_the_one_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    python_of(tmp_path, "python3.13", (3, 13, 0))
    python_of(tmp_path, "mine", (3, 11, 9))
    assert find(tmp_path, "mine").stdout == f"{tmp_path}/mine\n"


def test_older_ones_are_refused_in_words(tmp_path: Path) -> None:
    python_of(tmp_path, "python3", (3, 9, 18))
    found = find(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert "needs Python 3.11 or newer" in found.stderr
    assert f"{tmp_path}/python3 is Python 3.9.18, which is too old" in found.stderr
    assert "sudo apt install python3-venv" in found.stderr


def test_one_without_venv_is_refused_with_the_command_that_gets_it(tmp_path: Path) -> None:
    code = 'import sys; sys.version_info = (3, 12, 3); sys.modules["ensurepip"] = None; exec(sys.argv[1])'
    put(tmp_path, "python3", f"""exec {{python}} -c '{code}' "$2" """)
    found = find(tmp_path)
    assert found.returncode == 1
    assert "sudo apt install python3.12-venv" in found.stderr


def packages(name: str) -> list[str]:
    """Those of one of the Makefile's lists."""
    (listed,) = re.findall(rf"^{name} := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return [word.strip("'") for word in listed.replace("\\\n", " ").split()]


RUN = ("--group", "local", *packages("LIGHT"))
TEST = (*RUN, "--group", "check", "--group", "test", "--group", "docs", *packages("MODELS"))


SOURCES = ("sam2", "iopath", "antlr4-python3-runtime")
"""What nobody publishes a wheel of: SAM 2, and what it needs. All are built without a compiler."""


def resolve(
    version: str,
    platform: str,
    target: Path,
    *,
    wanted: Sequence[str] = RUN,
    sources: Sequence[str] = (),
    macos: str = "14.0",
) -> subprocess.CompletedProcess[str]:
    """What would be installed, of wheels and `sources` alone and held to the lock; skips where no index answers."""
    if not UV.exists():
        pytest.skip(f"{UV} is made by `make`, which did not make this environment")
    command: list[str | Path] = [UV, "pip", "install", "--dry-run", "--only-binary", ":all:", "--target", target]
    command += [word for name in sources for word in ("--no-binary", name)]
    command += ["--python-version", version, "--python-platform", platform]
    command += ["--constraints", "requirements.lock", "--overrides", "requirements.overrides", *wanted]
    environ = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": macos}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if NO_INDEX.search(done.stderr):
        pytest.skip("no package index answers")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin"])
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_all_of_make_run_comes_in_wheels_that_the_lock_names(version: str, platform: str, tmp_path: Path) -> None:
    done = resolve(version, platform, tmp_path)
    assert done.returncode == 0, done.stderr
    pins = set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    installed = re.findall(r"^ \+ (\S+==\S+)$", done.stderr, re.MULTILINE)
    assert len(installed) > 50
    assert {one for one in installed if one not in pins} == set()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_all_of_make_test_comes_in_wheels_but_for_three_packages(version: str, tmp_path: Path) -> None:
    done = resolve(version, "x86_64-manylinux_2_28", tmp_path, wanted=TEST, sources=SOURCES)
    assert done.returncode == 0, done.stderr
    for name in SOURCES:
        rest = [one for one in SOURCES if one != name]
        refused = resolve(version, "x86_64-manylinux_2_28", tmp_path, wanted=TEST, sources=rest)
        assert refused.returncode != 0, f"{name} has a wheel by now"


@pytest.mark.slow
def test_a_platform_without_a_wheel_is_found_out(tmp_path: Path) -> None:
    """ONNX Runtime has none for a macOS before 14, which the README therefore asks for."""
    done = resolve("3.13", "aarch64-apple-darwin", tmp_path, macos="13.0")
    assert done.returncode != 0
    assert "onnxruntime" in done.stderr
