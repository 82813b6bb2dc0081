"""SECURITY.md names tests that there are, by their names or by the ends of their paths."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)`", (ROOT / "SECURITY.md").read_text()))
    there = [f"/{path}" for folder in ("services", "tests") for path in (ROOT / folder).rglob("test_*.py")]
    assert len(named) > 20
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []
