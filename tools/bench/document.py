"""`BENCHMARKS.md`: each section lies between its own markers and is replaced as a whole."""

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from tools.bench import machine
from tools.bench.figures import Row, table

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
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{text}\n{end}"
    document = DOCUMENT.read_text() if DOCUMENT.exists() else "# Benchmarks\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(document):
        document = pattern.sub(lambda _match: block, document)
    else:
        document = f"{document.rstrip()}\n\n{block}\n"
    DOCUMENT.write_text(document)
    return text
