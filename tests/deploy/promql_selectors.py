"""Which series a PromQL expression reads."""

from dataclasses import dataclass
from typing import Final

import promql_parser
from promql_parser import AggregateExpr, Expr, VectorSelector

VARIABLES: Final = {"$__rate_interval": "5m", "$__range_s": "10800", "$__range": "3h"}
"""What Grafana puts in, with one of the values that it may take; the longer name first."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What is read, and how it is added up."""

    series: tuple[tuple[str, frozenset[str]], ...]
    """Name of every series that is read, and the labels that it is chosen by."""
    groups: frozenset[str]
    """Labels by which values are added up."""


def selected(expression: str) -> Selected:
    """Reads an expression; raises ValueError where it is no PromQL."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    series: list[tuple[str, frozenset[str]]] = []
    groups: set[str] = set()

    def visit(node: Expr) -> bool:
        if isinstance(node, VectorSelector):
            series.append((str(node.name), frozenset(matcher.name for matcher in node.matchers.matchers)))
        elif isinstance(node, AggregateExpr) and node.modifier is not None:
            groups.update(node.modifier.labels)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return Selected(series=tuple(series), groups=frozenset(groups))
