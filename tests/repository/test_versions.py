"""One version, wherever it stands."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from tools.release import versions


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that hold the version, somewhere else."""
    for path in {versions.FILE, versions.ROOT / "pyproject.toml", *(path for path, _said in versions.repeated())}:
        target = tmp_path / path.relative_to(versions.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    monkeypatch.setattr(versions, "FILE", tmp_path / "VERSION")
    return tmp_path


def test_everything_says_the_same_version() -> None:
    assert {path: said for path, said in versions.repeated() if said != versions.current()} == {}


def test_nothing_that_has_a_version_is_left_out() -> None:
    said = [path for path, _version in versions.repeated()]
    labelled = [path for path in versions.ROOT.glob("*/*/Dockerfile") if "image.version" in path.read_text()]
    assert set(labelled) <= set(said)
    assert set(versions.projects()) <= set(said)
    for chart in versions.ROOT.glob("deploy/helm/*/Chart.yaml"):
        assert said.count(chart) == len(re.findall(r"\b(?:version|appVersion): ", chart.read_text())) >= 2


def test_what_is_installed_has_it() -> None:
    assert version("modomo-gateway") == version("modomo-protos") == versions.current()


def test_a_new_version_is_written_everywhere_and_nothing_else_changes(copy: Path) -> None:
    old = versions.current()
    files = [path for path in copy.rglob("*") if path.is_file()]
    before = {path: path.read_text() for path in files}
    places = len(list(versions.repeated()))
    versions.write("97.98.99")
    assert [said for _path, said in versions.repeated()] == ["97.98.99"] * places
    assert {path: path.read_text().replace("97.98.99", old) for path in files} == before


@pytest.mark.parametrize("new", ["", "1", "1.2", "v97.0.0", "97.0.0rc1", "0.0.1"])
def test_a_version_that_is_none_or_lies_behind_changes_nothing(copy: Path, new: str) -> None:
    before = {path: path.read_text() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="is no version"):
        versions.write(new)
    assert {path: path.read_text() for path in before} == before
