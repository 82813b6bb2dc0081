"""What is promised, and rules that tell when a month's promise is being used up too fast.

Multi-window, multi-burn-rate alerts after "The Site Reliability Workbook" (Beyer et al., 2018), chapter 5: an alert
fires where a long and a short window both burn the budget of 30 days too fast by a factor; the short one ends it soon.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

NAMESPACE: Final = "RELEASE_NAMESPACE"
"""Stands in expressions for the namespace of an install, as WINDOW does for a span of time; the chart replaces it."""

OWN_DOING: Final = ("NOT_A_ROOM", "NOTHING_TO_REMOVE", "NOTHING_TO_RESTYLE", "UNKNOWN_DETECTION", "UNSAFE_RESULT")
"""Reasons of failed jobs that lie in what was sent: no fault of the system."""

FEWEST: Final = 20
"""Events that a long window must have: of three requests a single slow one is no trend."""


def _ended(labels: str) -> str:
    """Jobs that ended a second; every gateway shows the same numbers."""
    chosen = f'namespace="{NAMESPACE}", {labels}'
    return (
        f"sum by (namespace) (max by (namespace, status, reason) (rate(modomo_jobs_ended_total{{{chosen}}}[WINDOW])))"
    )


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A promise about a share of events."""

    name: str
    """Value of the label `objective`."""
    promise: str
    """A sentence for people."""
    share: float
    """Of the events that are to be good."""
    good: str
    """PromQL: good events a second over WINDOW, by namespace."""
    all: str
    """PromQL: all events a second over WINDOW, by namespace."""

    @property
    def budget(self) -> float:
        """Share of the events that may be bad."""
        return round(1.0 - self.share, 6)


def _within(metric: str, seconds: str, labels: str = "") -> Mapping[str, str]:
    """Events of a histogram that took at most so long, and all of them."""
    chosen = f'namespace="{NAMESPACE}"' + (f", {labels}" if labels else "")
    return {
        "good": f'sum by (namespace) (rate({metric}_bucket{{{chosen}, le="{seconds}"}}[WINDOW]))',
        "all": f"sum by (namespace) (rate({metric}_count{{{chosen}}}[WINDOW]))",
    }


_HTTP: Final = "modomo_http_request_duration_seconds"
_ASKED: Final = f'namespace="{NAMESPACE}", route!~"/health.*|/metrics|unmatched"'
"""Requests of people: what probes ask all day would thin every error out."""

OBJECTIVES: Final = (
    Objective(
        name="requests",
        promise="99.9 % of all requests are answered without an error of ours",
        share=0.999,
        good=f'sum by (namespace) (rate({_HTTP}_count{{{_ASKED}, status!~"5.."}}[WINDOW]))',
        all=f"sum by (namespace) (rate({_HTTP}_count{{{_ASKED}}}[WINDOW]))",
    ),
    Objective(
        name="status",
        promise="99 % of looks at a status are answered within 200 ms",
        share=0.99,
        **_within(_HTTP, "0.2", 'route="/transform/status/{job_id}"'),
    ),
    Objective(
        name="submit",
        promise="99 % of submissions are answered within 500 ms",
        share=0.99,
        **_within(_HTTP, "0.5", 'route="/transform/submit"'),
    ),
    Objective(
        name="events",
        promise="99 % of live events are with their client within 100 ms",
        share=0.99,
        **_within("modomo_event_delivery_seconds", "0.1"),
    ),
    Objective(
        name="processing",
        promise="95 % of jobs complete within 15 s of being taken up",
        share=0.95,
        **_within("modomo_job_processing_seconds", "15.0"),
    ),
    Objective(
        name="success",
        promise="99.9 % of jobs with a usable photo complete",
        share=0.999,
        good=_ended('status="completed"'),
        all=_ended(f'status=~"completed|failed", reason!~"{"|".join(OWN_DOING)}"'),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Burn:
    """How fast is too fast."""

    long: str
    short: str
    factor: float
    """Times faster than what a month allows."""
    severity: str
    wait: str
    """For which it must hold."""


BURNS: Final = (
    Burn(long="1h", short="5m", factor=14.4, severity="critical", wait="2m"),
    Burn(long="6h", short="30m", factor=6.0, severity="critical", wait="15m"),
    Burn(long="1d", short="2h", factor=3.0, severity="warning", wait="1h"),
    Burn(long="3d", short="6h", factor=1.0, severity="warning", wait="3h"),
)

WINDOWS: Final = tuple(sorted({window for burn in BURNS for window in (burn.long, burn.short)}))


def bad_share(objective: str, window: str) -> str:
    """PromQL: the recorded share of bad events of an objective."""
    return f'modomo:objective_bad:ratio_rate{window}{{namespace="{NAMESPACE}", objective="{objective}"}}'


def rules() -> str:
    """The rules file: recorded shares of bad events, and the alerts that look at them."""
    groups = [
        {"name": "modomo.objectives", "rules": list(_recordings())},
        {"name": "modomo.budgets", "rules": list(_alerts())},
    ]
    head = "# Made by `make chart` from deploy/monitoring/objectives.py.\n"
    return head + yaml.safe_dump({"groups": groups}, sort_keys=False, width=110, allow_unicode=True)


def _recordings() -> Iterator[dict[str, Any]]:
    for objective in OBJECTIVES:
        labels = {"objective": objective.name}
        for window in WINDOWS:
            good, events = (expression.replace("WINDOW", window) for expression in (objective.good, objective.all))
            # where nothing was good yet, there is no series of it
            yield {
                "record": f"modomo:objective_bad:ratio_rate{window}",
                "expr": f"1 - ({good} or 0 * {events}) / ({events} > 0)",
                "labels": {**labels},
            }
        for window in dict.fromkeys(burn.long for burn in BURNS):
            yield {
                "record": f"modomo:objective_events:rate{window}",
                "expr": objective.all.replace("WINDOW", window),
                "labels": {**labels},
            }


def _alerts() -> Iterator[dict[str, Any]]:
    for objective in OBJECTIVES:
        for burn in BURNS:
            limit = round(burn.factor * objective.budget, 6)
            events = f'modomo:objective_events:rate{burn.long}{{namespace="{NAMESPACE}", objective="{objective.name}"}}'
            seconds = {"1h": 3600, "6h": 21_600, "1d": 86_400, "3d": 259_200}[burn.long]
            yield {
                "alert": "ModomoBudgetBurns",
                "expr": (
                    f"{bad_share(objective.name, burn.long)} > {limit:g}"
                    f" and {bad_share(objective.name, burn.short)} > {limit:g}"
                    f" and {events} * {seconds} >= {FEWEST}"
                ),
                "for": burn.wait,
                "labels": {"objective": objective.name, "severity": burn.severity, "window": burn.long},
                "annotations": {
                    "summary": f"Promise in danger: {objective.promise}",
                    "description": (
                        f"{{{{ $value | humanizePercentage }}}} of the last {burn.long} were not so;"
                        f" {objective.budget:.1%} may be. At {burn.factor:g} times the pace that a month allows, its"
                        f" budget is gone in {_days(30 / burn.factor)}. The dashboard shows where."
                    ),
                },
            }


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 2.5 else f"{days:.1f} days"
