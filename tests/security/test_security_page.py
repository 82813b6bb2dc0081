"""SECURITY.md names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "SECURITY.md").read_text()))
    there = {path.name for folder in ("services", "tests") for path in (ROOT / folder).rglob("test_*.py")}
    assert len(named) > 20
    assert named <= there
