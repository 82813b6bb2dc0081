"""Puts pages into a folder, with the configuration that makes a site of them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from tools.docs import modules, openapi, pages, protos

Nav: TypeAlias = list[dict[str, Any]]

CONFIG: Final = Path(__file__).with_name("mkdocs.yml")


def write(folder: Path) -> Path:
    """Writes everything into `folder`, which is emptied before; returns the configuration for mkdocs."""
    shutil.rmtree(folder, ignore_errors=True)
    written = pages.written()
    made = protos.pages() | modules.pages() | openapi.files()
    for path in pages.linked(written):
        _place(folder / "pages" / path).write_bytes((pages.ROOT / path).read_bytes())
    for path, text in (written | made).items():
        _place(folder / "pages" / path).write_text(text)
    config = folder / "mkdocs.yml"
    sources = sorted(str(package.parent) for package in modules.packages())
    settings = {
        "INHERIT": str(CONFIG),
        "docs_dir": "pages",
        "nav": navigation(written, made),
        "plugins": {"mkdocstrings": {"handlers": {"python": {"paths": sources}}}},
    }
    config.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    return config


def build(folder: Path, site: Path) -> int:
    """Makes the site of pages written into `folder`, without the network; returns the exit status of mkdocs."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    command += ["--config-file", str(write(folder)), "--site-dir", str(site)]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "true"}
    return subprocess.run(command, env=environ, check=False).returncode


def navigation(written: Iterable[str], made: Iterable[str]) -> Nav:
    """Every page once, by the folder that it lies in; those written by hand take their heading for a title."""
    folders: dict[str, list[str]] = {}
    for path in sorted(written):
        folder = (
            "Decisions"
            if path.startswith("docs/adr/")
            else path.partition("/")[0].capitalize()
            if "/" in path
            else "Project"
        )
        folders.setdefault(folder, []).append(path)
    folders["Project"].remove("README.md")
    reference = [
        {"HTTP": openapi.PAGE},
        {"gRPC": _named(protos.FOLDER, made)},
        {"Python": _named(modules.FOLDER, made)},
    ]
    first = {"Modomo": "README.md", "Guides": folders.pop("Docs"), "Reference": reference}
    return [{title: entries} for title, entries in (first | dict(sorted(folders.items()))).items()]


def _named(folder: str, made: Iterable[str]) -> Nav:
    """The pages of a folder under their own names, a package before what is in it."""
    names = sorted(Path(path).stem for path in made if path.startswith(f"{folder}/"))
    return [{name: f"{folder}/{name}.md"} for name in names]


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
