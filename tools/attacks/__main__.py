"""`make attacks`: the attacks of tests/security/attacks at full size, as a table: attack, before, now, bound.

`python -m tools.attacks -k TEXT` runs some of them; further arguments go to pytest as well.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.fixtures.attack_figures import FULL_SIZE, PROPERTY

BEFORE = {
    "trailers": "76 MB: 253 MB → 1.9 GB",
    "pipelined": "156 MB → 1 GB, others wait 7–9 s",
    "seconds of a probe among idle connections": "28 s",
    "seconds until another tenant is told": "12 s",
    "seconds of decoding": "64 s for 256 tiles of HEIC, 15 s of AVIF",
    "seconds of a colour profile": "8.3 s for 10,000 steps, growing with their square",
}
"""What was measured before the bound was there, by a part of the test's name or by the figure."""


@dataclass
class Table:
    """A plugin of pytest that prints one row an attack, and one for each of its figures."""

    failed: int = 0
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes what came out."""
        if report.when != "call" and not report.failed:
            return
        self.failed += report.failed
        name = report.nodeid.partition("::")[2].removeprefix("test_").replace("_", " ")
        before = next((said for part, said in BEFORE.items() if part in name), "")
        self.rows.append((name, before, "GOT THROUGH" if report.failed else "held", f"{report.duration:.1f} s in all"))
        for key, value in report.user_properties:
            if key == PROPERTY and isinstance(value, tuple):
                figure, measured, most = value
                self.rows.append((f"    {figure}", BEFORE.get(figure, ""), f"{measured:.2f}", f"at most {most:g}"))

    def pytest_unconfigure(self) -> None:
        """Prints."""
        print(f"\n{'attack':<100} {'before':<55} {'now':<12} bound")
        for name, before, now, bound in self.rows:
            print(f"{name:<100} {before:<55} {now:<12} {bound}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; not 0 where an attack got through."""
    os.environ[FULL_SIZE] = "1"
    table = Table()
    options = ["tests/security/attacks", "--quiet", "--no-header", "--tb", "line", "--timeout", "900"]
    status = pytest.main([*options, *(sys.argv[1:] if arguments is None else arguments)], plugins=[table])
    return int(status or bool(table.failed))


if __name__ == "__main__":
    sys.exit(main())
