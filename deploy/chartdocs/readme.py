"""The table of values in a chart's README."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from deploy.chartdocs.values import Value

MARK: Final = "<!-- values: made by `make chart` -->\n"
_LONGEST: Final = 60


def with_table(text: str, values: Sequence[Value]) -> str:
    """The README with the table behind the mark made anew; raises ValueError where there is no mark."""
    before, mark, _after = text.partition(MARK)
    if not mark:
        raise ValueError(f"there is no line {MARK.strip()!r}")
    rows = (
        f"| `{path}` | {_shown(value.default)} | {_escaped(value.description)} |" for path, value in _leaves(values)
    )
    return "\n".join([before + MARK, "| value | default | |", "|---|---|---|", *rows, ""])


def _leaves(values: Sequence[Value], prefix: str = "") -> Iterator[tuple[str, Value]]:
    for value in values:
        if value.children:
            yield from _leaves(value.children, f"{prefix}{value.key}.")
        else:
            yield prefix + value.key, value


def _shown(default: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    text = json.dumps(default, ensure_ascii=False)
    return "(see values.yaml)" if len(text) > _LONGEST else f"`{_escaped(text)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
