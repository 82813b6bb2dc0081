"""PromQL of the dashboard."""

from typing import Final

IN: Final = 'namespace="$namespace"'
RATE: Final = "$__rate_interval"


def quantile(share: float, metric: str, by: str = "", labels: str = "") -> str:
    """PromQL: a quantile of a histogram over all pods, apart by some labels."""
    chosen = f"{IN}, {labels}" if labels else IN
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({groups}) (rate({metric}_bucket{{{chosen}}}[{RATE}])))"


def per_second(metric: str, by: str = "", labels: str = "") -> str:
    """PromQL: a counter's growth a second over all pods, apart by some labels."""
    chosen = f"{IN}, {labels}" if labels else IN
    return f"sum{f' by ({by}) ' if by else ' '}(rate({metric}{{{chosen}}}[{RATE}]))"


def most(metric: str, by: str = "", labels: str = "") -> str:
    """PromQL: the greatest value of any pod; for what all of them read from Redis, simply the value."""
    chosen = f"{IN}, {labels}" if labels else IN
    return f"max{f' by ({by}) ' if by else ' '}({metric}{{{chosen}}})"


def total(metric: str, by: str = "") -> str:
    """PromQL: the sum of a gauge over all pods, apart by some labels."""
    return f"sum{f' by ({by}) ' if by else ' '}({metric}{{{IN}}})"


def share(metric: str, labels: str, by: str = "") -> str:
    """PromQL: which share of a counter's growth has some labels."""
    return f"{per_second(metric, by, labels)} / {per_second(metric, by)}"


def ended(labels: str = "", span: str = RATE) -> str:
    """PromQL: jobs that ended a second, by status and reason; every gateway shows the same numbers."""
    chosen = f"{IN}, {labels}" if labels else IN
    return f"max by (status, reason) (rate(modomo_jobs_ended_total{{{chosen}}}[{span}]))"
