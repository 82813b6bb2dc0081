"""What an image holds beside its base: a service's packages and all that they need, as they are installed here."""

import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def closure(*requirements: str) -> set[str]:
    """Every package that the requirements lead to, by name; raises PackageNotFoundError for one that is not here."""
    own = _own()
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras} - {extra for package, extra in seen if package == name}:
            seen.add((name, extra))
            needs = _of_project(own[name], extra) if name in own else _of_installed(name, extra)
            waiting += [one for one in needs if _wanted(one, extra)]
    return {name for name, _extra in seen}


def _own() -> dict[str, dict[str, Any]]:
    """Our packages' `[project]` by name: what they say now, not what they said when they were installed."""
    files = [ROOT / "protos" / "pyproject.toml", *ROOT.glob("services/*/pyproject.toml")]
    projects = (tomllib.loads(file.read_text())["project"] for file in files)
    return {canonicalize_name(project["name"]): project for project in projects}


def _of_project(project: dict[str, Any], extra: str) -> Iterator[Requirement]:
    texts = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return map(Requirement, texts)


def _of_installed(name: str, extra: str) -> Iterator[Requirement]:
    requirements = map(Requirement, distribution(name).requires or ())
    return (one for one in requirements if not extra or one.marker)  # without a marker it came with the package


def _wanted(requirement: Requirement, extra: str) -> bool:
    if canonicalize_name(requirement.name) == "opencv-python":
        return False  # requirements.overrides: the headless build takes its place
    environment: dict[str, str] = {**default_environment(), "extra": extra}  # type: ignore[dict-item]  # all are text
    return requirement.marker is None or requirement.marker.evaluate(environment)
