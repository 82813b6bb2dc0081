"""The changelog: "Unreleased" becomes a version's section, and a section becomes the text of its release."""

import re
from datetime import date
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parents[2] / "CHANGELOG.md"
_OPEN: Final = "## Unreleased\n"


def cut(text: str, version: str, day: date) -> str:
    """The text with a section for a version; raises ValueError where it has one, or where nothing has changed."""
    if not section(text, "Unreleased"):
        raise ValueError("the changelog says of nothing unreleased")
    if re.search(rf"^## {re.escape(version)}\b", text, re.MULTILINE):
        raise ValueError(f"the changelog has a section {version} already")
    return text.replace(_OPEN, f"{_OPEN}\n## {version} - {day.isoformat()}\n", 1)


def section(text: str, version: str) -> str:
    """What stands under a version's heading; raises ValueError where there is none."""
    found = re.search(rf"^## {re.escape(version)}(?: - [^\n]*)?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise ValueError(f"the changelog has no section {version}")
    return found[1].strip()
