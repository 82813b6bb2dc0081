"""The umbrella chart with what it depends on, by Helm's own engine."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import helm_python

CHARTS: Final = Path(__file__).parents[2] / "deploy" / "helm"


def build(directory: Path) -> Path:
    """Copies the charts and builds the umbrella's dependencies; returns the umbrella's directory."""
    shutil.copytree(CHARTS, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
    helm_python.dependency_build(directory / "modomo")
    return directory / "modomo"


def package(out: Path) -> Path:
    """Packs the umbrella; returns the archive."""
    with TemporaryDirectory() as directory:
        return Path(helm_python.package(build(Path(directory)), destination=out))
