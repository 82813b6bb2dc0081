"""The repository's own Markdown: every page keeps its place, so that its relative links hold on the site."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
"""Targets of inline links that lead into the repository."""


def written() -> dict[str, str]:
    """Path and text of every Markdown file that is committed or about to be; links to folders lead to their README."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: _page(ROOT / name) for name in listed if not name.startswith(".") and (ROOT / name).is_file()}


def linked(pages: Mapping[str, str]) -> Iterator[str]:
    """Paths of the files other than pages that pages link to or show, such as pictures and a Dockerfile."""
    for page, text in pages.items():
        for target in _LINK.findall(text):
            path = normpath(join(dirname(page), target))
            if path not in pages and (ROOT / path).is_file():
                yield path


def _page(path: Path) -> str:
    def to_file(link: re.Match[str]) -> str:
        target = link[1].rstrip("/")
        return f"{target}/README.md" if (path.parent / target / "README.md").is_file() else link[1]

    return _LINK.sub(to_file, path.read_text())
