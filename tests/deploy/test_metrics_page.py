"""`docs/metrics.md` lists the metrics that there are, with their types and labels, and no other."""

import re
from pathlib import Path
from typing import Final

from tests.deploy.declared_metrics import FROM_CLIENT, series

PAGE: Final = Path(__file__).parents[2] / "docs" / "metrics.md"
SUFFIXES: Final = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def listed() -> dict[str, frozenset[str]]:
    """Labels of every series by name, as the page has them."""
    found: dict[str, frozenset[str]] = {}
    for name, kind, labels in re.findall(r"^\| `(modomo_\w+)` \| (\w+) \| ([^|]*)\|", PAGE.read_text(), re.MULTILINE):
        for suffix in SUFFIXES[kind]:
            assert name + suffix not in found, f"{name} twice"
            extra = {"le"} if suffix == "_bucket" else set()
            found[name + suffix] = frozenset(re.findall(r"`(\w+)`", labels)) | extra
    return found


def test_the_page_lists_what_the_code_declares() -> None:
    declared = {name: labels for name, labels in series().items() if name not in FROM_CLIENT}
    assert len(declared) > 50
    assert listed() == declared


def test_names_say_their_units() -> None:
    for name in listed():
        assert re.search(
            r"_(total|seconds|bytes|ratio|info|bucket|sum|count|in_flight|open|waiting|running|delayed|up|lanes|flowing"
            r"|pending|usd_per_hour)$",
            name,
        ), name
