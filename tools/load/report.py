"""The report of a run: one page that needs nothing beside it."""

import datetime
import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tools.bench import machine
from tools.docs import figures
from tools.load import plots
from tools.load.result import NAMES, TARGETS, Line, RunResult

STYLE: Final = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .2em .8em .2em 0; text-align: right }
td:first-child, th:first-child { text-align: left } tr { border-bottom: 1px solid #ddd }
svg { max-width: 100%; height: auto } .bad { color: #b00020 } .good { color: #1b5e20 }"""


def write(result: RunResult, directory: Path) -> Path:
    """Writes `index.html` and returns its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "index.html"
    path.write_text(page(result))
    return path


def page(result: RunResult) -> str:
    """The page."""
    records, plan = result.records, result.plan
    endings = ", ".join(f"{count} {ending}" for ending, count in records.endings.most_common())
    refused = ", ".join(f"{count} × {what}" for what, count in records.refused().items()) or "none"
    judgement = (
        '<p class="good">Every job has one ending, and nothing failed.</p>'
        if result.good
        else f'<p class="bad">{len(records.problems)} problems</p>{_list(records.problems[:50])}'
    )
    parts = [
        "<h1>Load on a local stack</h1>",
        f"<p>{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d %H:%M} UTC, {html.escape(machine.description())}; "
        f"clients, Valkey and all processes share it. Engine {html.escape(result.engine)}, seed {plan.seed}.</p>",
        f"<p>For {plan.seconds:.0f} s, {plan.rate:g} photos and {plan.lookers:g} looks at results a second came. "
        f"{result.jobs} jobs: {endings}. Refused: {html.escape(refused)}.</p>",
        judgement,
        "<h2>How long things took</h2>",
        _table(("", "number", "p50", "p95", "p99", "worst", "target", "within"), map(_row, result.lines)),
        figures.svg(plots.distribution(result)),
        "<h2>Over time</h2>",
        figures.svg(plots.timeline(result)),
        "<h2>Stages of a job</h2>",
        figures.svg(plots.stages(result)),
        "<h2>What it took of the machine</h2>",
        _table(
            ("process", "CPU seconds a completed job", "MB at the end"),
            (
                (name, f"{seconds:.3f}", f"{result.looks[-1].memory[name]:.0f}")
                for name, seconds in result.cpu_a_job().items()
            ),
        ),
        figures.svg(plots.machine(result)),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Load on a local stack</title>'
        f"<style>{STYLE}</style>\n" + "\n".join(parts) + "</html>\n"
    )


def _row(line: Line) -> Sequence[str]:
    target, within = TARGETS.get(line.kind), line.within
    quantiles = (_time(line.samples.quantile(share)) for share in (0.5, 0.95, 0.99, 1.0))
    return (
        NAMES[line.kind],
        str(len(line.samples.seconds)),
        *quantiles,
        _time(target) if target else "",
        f"{within:.1%}" if within is not None else "",
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["<table>", "<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"
