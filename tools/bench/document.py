"""`BENCHMARKS.md`: each section lies between its own markers and is replaced as a whole."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from tools.bench import machine
from tools.bench.figures import Row, table
from tools.docs import sections

DOCUMENT = Path(__file__).parents[2] / "BENCHMARKS.md"


def write(name: str, *, title: str, command: str, rows: Sequence[Row], notes: str = "") -> str:
    """Replaces or adds a section and returns its text."""
    text = "\n\n".join(
        part
        for part in (
            f"## {title}",
            f"`{command}`, {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, on {machine.description()}",
            table(rows),
            notes,
        )
        if part
    )
    document = DOCUMENT.read_text()
    if f"<!-- {name} -->" not in document:
        document = f"{document.rstrip()}\n\n<!-- {name} -->\n<!-- end of {name} -->\n"
    DOCUMENT.write_text(sections.replace(document, name, text))
    return text
