"""The version: `VERSION` says it, and everything that builds by itself repeats it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "VERSION"

_FORM: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_PROJECT: Final = r'^version = "(.*)"$'
_NPM: Final = r'^  "version": "(.*)",$'
_IMAGE: Final = r"^ARG VERSION=(.*)$"
_COMPOSE: Final = r"\bmodomo/[a-z]+:(\d+\.\d+\.\d+)"
_GITOPS: Final = r"^ +(?:targetRevision|version): (\d.*)$"
_CHART: Final = r"^(?:version|appVersion): (.*)$|^ +- \{ name: service, .*\bversion: ([^ ,]*),"


def current() -> str:
    """The version as X.Y.Z."""
    return FILE.read_text().strip()


def projects() -> list[Path]:
    """The pyproject.toml of every package of the workspace."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    return sorted(path / "pyproject.toml" for pattern in workspace["members"] for path in ROOT.glob(pattern))


def repeated() -> Iterator[tuple[Path, str]]:
    """Every place that repeats the version: the file, and what it says."""
    for path, pattern in _places():
        for found in re.finditer(pattern, path.read_text(), re.MULTILINE):
            yield path, str(next(filter(None, found.groups())))


def write(new: str) -> None:
    """Writes a version everywhere; raises ValueError for one that is not X.Y.Z or not beyond the current one."""
    if not (_FORM.fullmatch(new) and _numbers(new) > _numbers(current())):
        raise ValueError(f"{new!r} is no version X.Y.Z beyond {current()}")
    for path, pattern in _places():
        path.write_text(re.sub(pattern, lambda found: _with(new, found), path.read_text(), flags=re.MULTILINE))
    FILE.write_text(f"{new}\n")


def _places() -> Iterator[tuple[Path, str]]:
    yield from ((path, _PROJECT) for path in projects())
    yield ROOT / "clients" / "typescript" / "package.json", _NPM
    yield from (
        (path, _IMAGE) for folder in ("services", "deploy") for path in sorted(ROOT.glob(f"{folder}/*/Dockerfile"))
    )
    yield from ((path, _COMPOSE) for path in sorted(ROOT.glob("deploy/compose*.yaml")))
    yield from ((path, _GITOPS) for path in sorted(ROOT.glob("deploy/gitops/*.yaml")))
    yield from ((path, _CHART) for path in sorted(ROOT.glob("deploy/helm/*/Chart.yaml")))


def _with(new: str, found: re.Match[str]) -> str:
    start, end = found.span(found.lastindex or 0)
    return found.string[found.start() : start] + new + found.string[end : found.end()]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
