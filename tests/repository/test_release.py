"""Every step of a release that needs no forge: changelog, packages, chart."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from datetime import date
from email.parser import Parser
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from tests.deploy.charts import NAMED, render
from tools.release import changelog, versions

DAY = date(2026, 12, 24)
CHANGELOG = """\
# Changelog

Words.

## Unreleased

### Added

- A door.

## 0.1.0 - 2026-01-01

- The first.
"""


def release(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.release", *arguments]
    return subprocess.run(command, cwd=versions.ROOT, capture_output=True, text=True, check=False)


def test_unreleased_becomes_the_versions_section() -> None:
    text = changelog.cut(CHANGELOG, "0.2.0", DAY)
    assert "## Unreleased\n\n## 0.2.0 - 2026-12-24\n\n### Added\n" in text
    assert changelog.section(text, "0.2.0") == "### Added\n\n- A door."
    assert changelog.section(text, "0.1.0") == "- The first."
    assert changelog.section(text, "Unreleased") == ""


def test_there_is_no_release_of_nothing_nor_of_a_version_that_has_been() -> None:
    with pytest.raises(ValueError, match="nothing unreleased"):
        changelog.cut(changelog.cut(CHANGELOG, "0.2.0", DAY), "0.3.0", DAY)
    with pytest.raises(ValueError, match=r"section 0\.1\.0 already"):
        changelog.cut(CHANGELOG, "0.1.0", DAY)
    with pytest.raises(ValueError, match=r"no section 0\.1"):
        changelog.section(CHANGELOG, "0.1")


def test_the_changelog_can_be_cut() -> None:
    text = changelog.FILE.read_text()
    assert changelog.section(changelog.cut(text, "97.0.0", DAY), "97.0.0") == changelog.section(text, "Unreleased")


def test_a_tag_that_is_not_the_version_ends_a_release() -> None:
    done = release("notes", "v97.0.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the tag is v97.0.0, the version {versions.current()}" in done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` builds."""
    out = tmp_path_factory.mktemp("release") / "dist"
    done = release("dist", str(out))
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
@pytest.mark.parametrize("project", versions.projects(), ids=lambda path: path.parent.name)
def test_a_package_is_typed_whole_and_of_this_version(dist: Path, project: Path) -> None:
    settings = tomllib.loads(project.read_text())
    name = f"{settings['project']['name'].replace('-', '_')}-{versions.current()}"
    with zipfile.ZipFile(dist / f"{name}-py3-none-any.whl") as wheel:
        packed = {path for path in wheel.namelist() if ".dist-info/" not in path}
        metadata = Parser().parsestr(wheel.read(f"{name}.dist-info/METADATA").decode())
    assert metadata["Version"] == versions.current()
    with tarfile.open(dist / f"{name}.tar.gz") as sdist:
        source = {path.removeprefix(f"{name}/") for path in sdist.getnames()}
    for folder in map(Path, settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]):
        files = [
            path for path in (project.parent / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        ]
        assert packed == {str(path.relative_to(project.parent / folder.parent)) for path in files}
        typed = {str(Path(path).parent) for path in packed if path.endswith("/py.typed")}
        parts = {"/".join(Path(path).parts[:2]) for path in packed}  # of the namespace `modomo`
        assert typed in ({folder.name}, parts)
        assert {str(path.relative_to(project.parent)) for path in files} <= source


@pytest.mark.slow
def test_the_chart_is_packed_with_its_parts_and_takes_the_images_of_this_version(dist: Path, tmp_path: Path) -> None:
    (archive,) = dist.glob("*.tgz")
    assert archive.name == f"modomo-{versions.current()}.tgz"
    with helm_python.Chart.load(archive):
        pass
    with tarfile.open(archive) as chart:
        chart.extractall(tmp_path, filter="data")
    about = yaml.safe_load((tmp_path / "modomo" / "Chart.yaml").read_text())
    assert (about["version"], about["appVersion"]) == (versions.current(), versions.current())
    manifests = render(archive, NAMED)
    assert {image(one) for one in manifests if one["kind"] == "Deployment"} >= {f"modomo/gateway:{versions.current()}"}


def image(deployment: dict[str, Any]) -> str:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return str(container["image"])
