"""Outcomes as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from research.capacity.prices import HOURS_PER_MONTH, Light, Prices
from research.capacity.scenarios import Scenario
from research.capacity.service_times import CpuSeconds, ServiceTimes, fast, one_pass, two_passes
from research.capacity.simulation import Outcome, Usage

VOLUMES = {"1k": "1,000", "100k": "100,000", "10M": "10,000,000"}
TARGET = 15.0
"""Seconds within which 95 % of the jobs are to complete."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A scenario that was simulated."""

    number: int
    """In the tables and pictures."""
    scenario: Scenario
    outcome: Outcome

    @property
    def devices(self) -> Mapping[str, Usage]:
        """The pools with a device."""
        return {
            name: usage for name, usage in self.outcome.usage.items() if name != "worker" or self.scenario.system.pulls
        }

    def mean_pods(self, *names: str) -> float:
        """Pods on average over the simulated time, of these pools together; of all with a device without names."""
        pools = [self.outcome.usage[name] for name in names or self.devices]
        return sum(pool.pod_seconds for pool in pools) / self.outcome.days / 86_400

    def dollars(self, prices: Prices, light: Light) -> tuple[float, float]:
        """A month's bill at the lower and at the higher price of a T4."""
        low, high = prices.serverless_t4_hour if self.scenario.serverless else prices.t4_hour
        rest = light.dollars(prices, self.outcome, per_month=self.scenario.per_month)
        hours = self.mean_pods() * HOURS_PER_MONTH
        return hours * low + rest, hours * high + rest


def volumes(results: Sequence[Result], prices: Prices, light: Light) -> str:
    """A table for each volume."""
    parts = []
    for name, group in groupby(results, key=lambda result: result.scenario.name):
        rows = list(group)
        per_month = rows[0].scenario.per_month
        parts += [
            f"### {VOLUMES[name]} images a month",
            f"Simulated: {_days(rows[0].outcome.days)}, {rows[0].outcome.arrived:,} pictures. Beside what the table "
            f"shows: {light.gateways(per_month)} gateways, {light.notifiers(per_month)} notifiers, "
            f"{light.makers(per_month)} makers of first looks.",
            "\n".join(_table(rows, prices, light)),
        ]
    return "\n\n".join(parts)


def _days(days: float) -> str:
    return "one day" if days == 1 else f"{days:.0f} days"


def _table(rows: Sequence[Result], prices: Prices, light: Light) -> list[str]:
    lines = [
        "| | way to run it | T4s, mean (most) | of the time busy | workers, mean (most) | p50 | p95 | p99 "
        "| $ a month | $ an image |",
        "|---:|---|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        outcome, worker = row.outcome, row.outcome.usage["worker"]
        low, high = row.dollars(prices, light)
        busy = sum(pool.busy_seconds for pool in row.devices.values()) / sum(
            pool.pod_seconds for pool in row.devices.values()
        )
        p50, p95, p99 = (outcome.quantile(share) for share in (0.5, 0.95, 0.99))
        cells = (
            str(row.number),
            row.scenario.what,
            _pods(row),
            f"{busy:.0%}",
            "in the same pods" if row.scenario.system.pulls else f"{row.mean_pods('worker'):.1f} ({worker.most})",
            f"{p50:.1f} s",
            f"**{p95:.1f} s**" if p95 <= TARGET else f"{p95:.1f} s",
            f"{p99:.1f} s",
            _range(low, high, ",.0f"),
            _range(low / row.scenario.per_month, high / row.scenario.per_month, ".4f"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _pods(row: Result) -> str:
    each = [f"{name} {row.mean_pods(name):.1f} ({usage.most})" for name, usage in row.devices.items()]
    return each[0].partition(" ")[2] if len(each) == 1 else ", ".join(each)


def _range(low: float, high: float, form: str) -> str:
    first, last = format(low, form), format(high, form)
    return first if first == last else f"{first}–{last}"


def assumptions(times: ServiceTimes, cpu: CpuSeconds) -> str:
    """What a job needs, in seconds."""
    rows = (
        ("a picture in two passes, 768² and 1024×768: the default", two_passes(), "T4"),
        ("a picture in one pass, 512², three ControlNets", one_pass(), "T4"),
        ("a picture of the fast tier, 512², Hyper-SD", fast(), "T4"),
        ("detection", times.detection, "T4"),
        ("room type, depth, segmentation", times.maps, "T4"),
        ("judging the result", times.judging, "T4"),
        ("**all of it on average**, second attempts and remembered photos included: two passes", times.device, "T4"),
        ("the same: one pass", replace(times, restyling=one_pass()).device, "T4"),
        ("the same: fast tier", replace(times, restyling=fast()).device, "T4"),
        ("gateway", cpu.gateway, "CPU"),
        ("worker", cpu.worker, "CPU"),
        ("notifier", cpu.notifier, "CPU"),
        ("first look", cpu.first_look, "CPU"),
    )
    lines = ["| part of a job | seconds | of |", "|---|---:|---|"]
    return "\n".join([*lines, *(f"| {name} | {seconds:.2f} | {device} |" for name, seconds, device in rows)])
