"""Grafana's JSON of a few kinds of panels; only what differs from its defaults is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
COLUMNS: Final = 24
"""Width of a dashboard in Grafana's units."""
HEIGHT: Final = 7


@dataclass(frozen=True, kw_only=True)
class Query:
    """One expression, and how its series are named."""

    expr: str
    legend: str = ""
    """May hold labels as `{{stage}}`."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture."""

    title: str
    queries: Sequence[Query]
    unit: str = "short"
    """Grafana's name of a unit: `s`, `bytes`, `reqps`, `percentunit`, `currencyUSD`, …"""
    kind: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8
    description: str = ""
    stacked: bool = False
    limits: Sequence[tuple[str, float]] = ()
    """Colour and the value from which it holds; the first is the base."""
    most: float | None = None
    """Greatest value of the axis, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels under a heading, laid out from left to right."""

    title: str
    panels: Sequence[Panel]


def laid_out(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Panels with their places and numbers."""
    result: list[dict[str, Any]] = []
    top = number = 0
    for row in rows:
        number += 1
        place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        result.append(
            {"type": "row", "title": row.title, "id": number, "collapsed": False, "gridPos": place, "panels": []}
        )
        top += 1
        left = 0
        for panel in row.panels:
            number += 1
            if left + panel.width > COLUMNS:
                left, top = 0, top + HEIGHT
            place = {"x": left, "y": top, "w": panel.width, "h": HEIGHT}
            result.append(_panel(panel, number=number, place=place))
            left += panel.width
        top += HEIGHT
    return result


def _panel(panel: Panel, *, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.limits:
        steps = [
            {"color": color, "value": None if index == 0 else value}
            for index, (color, value) in enumerate(panel.limits)
        ]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 25 if panel.stacked else 0,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "showPoints": "never",
            "thresholdsStyle": {"mode": "dashed" if panel.limits else "off"},
        }
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "id": number,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "format": "time_series",
            }
            for index, query in enumerate(panel.queries)
        ],
    }


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background" if panel.limits else "value"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
