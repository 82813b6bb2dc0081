"""A run as pictures, in SVG."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.load.records import CONNECT, ENDED, STATUS, SUBMIT
from tools.load.result import NAMES, TARGETS, RunResult

SECONDS = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]
LABELS = ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]


def timeline(result: RunResult) -> Figure:
    """The queue, and how long requests took, over the time of the run."""
    figure = Figure(figsize=(9, 5))
    queue, seconds = figure.subplots(2, 1, sharex=True)
    at = [look.at for look in result.looks]
    queue.stackplot(
        at,
        [look.running for look in result.looks],
        [look.waiting for look in result.looks],
        labels=["worked on", "waiting"],
        colors=["C0", "C1"],
        alpha=0.6,
        step="post",
    )
    _until(queue, result.plan.seconds)
    queue.set_ylabel("jobs")
    queue.legend(frameon=False, loc="upper left")
    for kind in (ENDED, SUBMIT, STATUS, CONNECT):
        timed = result.records.of(kind)
        seconds.plot(
            [record.at for record in timed],
            [max(record.seconds, SECONDS[0]) for record in timed],
            ".",
            ms=3,
            label=NAMES[kind],
        )
    _until(seconds, result.plan.seconds)
    _logarithmic(seconds, "y")
    seconds.set_xlabel("seconds after the beginning")
    seconds.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, markerscale=3)
    return figure


def distribution(result: RunResult) -> Figure:
    """Share of requests that took at most so long; dots are the targets."""
    figure = Figure(figsize=(9, 3.4))
    axes = figure.subplots()
    for number, line in enumerate(result.lines):
        ordered = np.sort(line.samples.seconds)
        axes.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered), color=f"C{number}", label=NAMES[line.kind])
        if line.within is not None:
            axes.plot([TARGETS[line.kind]], [line.within], "o", color=f"C{number}")
    _logarithmic(axes, "x")
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of requests")
    axes.legend(frameon=False, fontsize=7)
    return figure


def machine(result: RunResult) -> Figure:
    """Cores and memory of each process over the time of the run."""
    figure = Figure(figsize=(9, 3.4))
    cores, memory = figure.subplots(1, 2)
    names = list(result.looks[0].cpu)
    at = np.array([look.at for look in result.looks])
    used = np.array([[look.cpu[name] for name in names] for look in result.looks])
    cores.stackplot(at[1:], *(np.diff(used, axis=0) / np.diff(at)[:, None]).T, labels=names)
    cores.set_ylabel("cores")
    for name in names:
        memory.plot(at, [look.memory[name] for look in result.looks], label=name)
    memory.set_ylabel("resident MB")
    for axes in (cores, memory):
        axes.set_xlabel("seconds after the beginning")
        axes.set_ylim(bottom=0)
    figure.legend(*memory.get_legend_handles_labels(), frameon=False, fontsize=7, loc="lower center", ncols=7)
    figure.subplots_adjust(bottom=0.25)
    return figure


def stages(result: RunResult) -> Figure:
    """Mean seconds of each stage of a job."""
    figure = Figure(figsize=(9, 2.4))
    axes = figure.subplots()
    by_stage = result.stages()
    axes.barh(list(by_stage), list(by_stage.values()))
    axes.invert_yaxis()
    axes.set_xlabel("seconds on average")
    return figure


def _until(axes: Axes, seconds: float) -> None:
    """Marks when the last people came."""
    axes.axvline(seconds, color="0.6", lw=0.8, ls="--")


def _logarithmic(axes: Axes, which: str) -> None:
    if which == "x":
        axes.set_xscale("log")
        axes.set_xticks(SECONDS, labels=LABELS)
    else:
        axes.set_yscale("log")
        axes.set_yticks(SECONDS, labels=LABELS)
