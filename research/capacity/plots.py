"""Outcomes as pictures."""

import datetime
from collections.abc import Sequence
from itertools import groupby

from matplotlib.figure import Figure

from research.capacity.demand import DAY, rate
from research.capacity.prices import Light, Prices
from research.capacity.service_times import H100_SECONDS, predictions
from research.capacity.simulation import WARM_UP, Outcome, Usage
from research.capacity.tables import TARGET, VOLUMES, Result

STEP = 300.0
"""Seconds between two points of a curve."""


def pods_at(usage: Usage, at: float) -> int:
    """Pods of a pool at a time in seconds."""
    return [pods for since, pods in usage.history if since <= at][-1]


def hourly(outcome: Outcome, share: float) -> list[tuple[float, float]]:
    """Quantile of the seconds of the jobs that arrived in each hour."""
    points = []
    by_hour = sorted((int(at // 3600), seconds) for at, seconds in outcome.done)
    for hour, group in groupby(by_hour, key=lambda pair: pair[0]):
        ordered = [seconds for _, seconds in group]
        points.append((hour + 0.5, ordered[min(len(ordered) - 1, int(share * len(ordered)))]))
    return points


def day(results: Sequence[Result]) -> Figure:
    """A day at the largest volume: demand, T4s that restyle, and how long jobs take."""
    figure = Figure(figsize=(8, 6.2))
    pods, waits = figure.subplots(2, 1, sharex=True)
    times = [number * STEP for number in range(int(DAY / STEP))]
    first = results[0].scenario
    work = first.times.restyling * (1 + first.times.again)
    needed = [rate(at + WARM_UP * DAY, per_month=first.per_month) * work for at in times]
    hours = [at / 3600 for at in times]
    pods.fill_between(hours, needed, color="0.85", label="T4s that the work alone fills")
    for result in results:
        usage = result.outcome.usage["diffusion" if "diffusion" in result.outcome.usage else "worker"]
        pods.plot(hours, [pods_at(usage, at) for at in times], lw=1.2, label=f"{result.number}: {result.scenario.what}")
        waits.plot(*zip(*hourly(result.outcome, 0.95), strict=True), lw=1.4)
    waits.axhline(TARGET, color="0.4", lw=0.8, ls="--")
    waits.annotate(f"target, {TARGET:.0f} s", (24.1, TARGET), color="0.3", va="center", annotation_clip=False)
    pods.set_ylabel("diffusion pods")
    waits.set_ylabel("p95 of a job, seconds")
    waits.set_yscale("log")
    waits.set_yticks([5, 10, 20, 50, 100, 200], labels=["5", "10", "20", "50", "100", "200"])
    waits.set_xticks(range(0, 25, 3), labels=[_clock(hour) for hour in range(0, 25, 3)])
    waits.set_xlabel("time of day")
    figure.suptitle(f"{VOLUMES[first.name]} images a month", x=0.12, ha="left")
    figure.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.11, 0.955), fontsize=8, ncols=2)
    figure.subplots_adjust(top=0.82)
    return figure


def _clock(hour: int) -> str:
    """The simulated day begins after the warm-up."""
    return (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=WARM_UP, hours=hour)).strftime(
        "%H:%M"
    )


def choices(results: Sequence[Result], prices: Prices, light: Light) -> Figure:
    """What a way to run it costs an image, and how long 95 % of the jobs take with it."""
    figure = Figure(figsize=(8, 4.2))
    axes = figure.subplots()
    for number, (name, group) in enumerate(groupby(results, key=lambda result: result.scenario.name)):
        for result in group:
            low, high = (dollars / result.scenario.per_month for dollars in result.dollars(prices, light))
            seconds = result.outcome.quantile(0.95)
            axes.plot([low, high], [seconds, seconds], "-", color=f"C{number}", lw=2, alpha=0.5)
            axes.plot([low], [seconds], "o", color=f"C{number}", ms=6)
            axes.annotate(
                str(result.number), (low, seconds), (0, 6), textcoords="offset points", ha="center", color=f"C{number}"
            )
        axes.plot([], [], "o", color=f"C{number}", label=f"{VOLUMES[name]} images a month")
    axes.axhline(TARGET, color="0.4", lw=0.8, ls="--")
    axes.axvline(0.05, color="0.4", lw=0.8, ls="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_yticks([10, 20, 50, 100, 200], labels=["10", "20", "50", "100", "200"])
    axes.set_xticks([0.001, 0.01, 0.05, 0.1, 1.0], labels=["$0.001", "$0.01", "$0.05", "$0.10", "$1"])
    axes.set_xlabel("an image, from the lower to the higher price of a T4")
    axes.set_ylabel("p95 of a job, seconds")
    axes.legend(frameon=False, fontsize=8)
    return figure


def growth(results: Sequence[Result], prices: Prices, light: Light) -> Figure:
    """A month's bill, an image's price and p95 by volume; bands lie between the lower and the higher price of a T4."""
    figure = Figure(figsize=(8, 5.2))
    money, waits = figure.subplots(2, 1, sharex=True)
    for number, (what, group) in enumerate(groupby(results, key=lambda result: result.scenario.what)):
        rows = list(group)
        volumes = [result.scenario.per_month for result in rows]
        bills = [result.dollars(prices, light) for result in rows]
        low, high = zip(*bills, strict=True)
        money.fill_between(volumes, low, high, color=f"C{number}", alpha=0.35, lw=0)
        money.plot(volumes, low, "o-", color=f"C{number}", lw=1.2, ms=4, label=what)
        for volume, (cheap, dear) in zip(volumes, bills, strict=True):
            if number == 0:
                price = f"${cheap / volume:.2g}–{dear / volume:.2g}"
                money.annotate(price, (volume, cheap), (0, -13), textcoords="offset points", ha="center", fontsize=7)
        seconds = [result.outcome.quantile(0.95) for result in rows]
        waits.plot(volumes, seconds, "o-", color=f"C{number}", lw=1.2, ms=4)
    waits.axhline(TARGET, color="0.4", lw=0.8, ls="--")
    for axes in (money, waits):
        axes.set_xscale("log")
        axes.set_yscale("log")
    money.set_ylim(bottom=60)
    money.set_ylabel("dollars a month")
    waits.set_ylabel("p95 of a job, seconds")
    waits.set_yticks([10, 20, 50, 100, 200], labels=["10", "20", "50", "100", "200"])
    waits.set_xticks([1e3, 1e4, 1e5, 1e6, 1e7], labels=["1,000", "10,000", "100,000", "1,000,000", "10,000,000"])
    waits.set_xlabel("images a month (below the upper curve: dollars an image, from zero)")
    money.legend(frameon=False, fontsize=8)
    return figure


def gpu_seconds() -> Figure:
    """Seconds of a picture by tier and size: predicted for a T4, and what was measured on an H100."""
    figure = Figure(figsize=(8, 3.2))
    axes = figure.subplots()
    predicted = predictions()
    names = list(predicted)[::-1]
    axes.barh(names, [predicted[name] for name in names], height=0.6, color="C0", alpha=0.6, label="T4, predicted")
    measured = [name for name in names if name in H100_SECONDS]
    axes.plot([H100_SECONDS[name] for name in measured], measured, "D", color="C1", ms=5, label="H100, measured")
    for name in names:
        axes.annotate(
            f"{predicted[name]:.1f}", (predicted[name], name), (3, 0), textcoords="offset points", va="center"
        )
    axes.set_xlabel("seconds a picture")
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    return figure
