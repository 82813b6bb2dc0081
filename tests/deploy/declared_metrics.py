"""The metrics that the services declare, read from their source: name of every series, and its labels."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

SERVICES: Final = Path(__file__).parents[2] / "services"

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Counter": ("_total",),
    "CounterMetricFamily": ("_total",),
    "Gauge": ("",),
    "GaugeMetricFamily": ("",),
    "Histogram": ("_bucket", "_sum", "_count"),
}
"""What is put behind a metric's name, by the class that declares it."""

FROM_CLIENT: Final = {"process_cpu_seconds_total": frozenset[str](), "process_resident_memory_bytes": frozenset[str]()}
"""Of what prometheus_client adds to every process, the series that are looked at."""


@cache
def series() -> dict[str, frozenset[str]]:
    """Labels of every series by name."""
    found = dict(FROM_CLIENT)
    for path in SERVICES.glob("*/*/**/*.py"):
        if "tests" not in path.parts:
            for name, labels in _declarations(ast.parse(path.read_text())):
                found[name] = labels | ({"le"} if name.endswith("_bucket") else frozenset())
    return found


def _declarations(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KINDS:
            continue
        match node.args:
            case [ast.Constant(value=str(name)), *rest] if name.startswith("modomo_"):
                named = [keyword.value for keyword in node.keywords if keyword.arg in ("labelnames", "labels")]
                lists = [part for part in (*rest, *named) if isinstance(part, ast.List | ast.Tuple)]
                labels = frozenset(ast.literal_eval(lists[0])) if lists else frozenset[str]()
                for suffix in KINDS[node.func.id]:
                    yield name.removesuffix("_total") + suffix, labels
