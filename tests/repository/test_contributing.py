"""CONTRIBUTING.md names files that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_four_ways_lead_through_files_that_exist() -> None:
    ways = [line for line in PAGE.splitlines() if "→ `" in line and line.startswith("| a ")]
    assert len(ways) == 4
    for path in (path for way in ways for path in re.findall(r"`([\w/]+\.(?:py|lua))`", way)):
        assert list(ROOT.glob(f"services/*/{path}")), path


def test_folders_that_are_named_exist() -> None:
    named = re.findall(r"^\| `(\w+)/` \|", PAGE, flags=re.MULTILINE)
    assert len(named) >= 7
    for folder in named:
        assert (ROOT / folder).is_dir(), folder
