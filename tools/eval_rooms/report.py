"""The figures of a whole collection: `report.json` for programs, `report.md` for people.

Every section of `report.json` holds numbers by name, null where nothing was there to measure, and beside them
`baseline`, the same numbers of what can be had without looking (tools.eval_rooms.baseline).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tools.eval_rooms import baseline, scores
from tools.eval_rooms.collection import Skipped
from tools.eval_rooms.engines import Seconds
from tools.eval_rooms.intervals import Interval, bootstrap
from tools.eval_rooms.rows import Restyled, Row

TARGETS: Final[Mapping[str, tuple[str, float]]] = {
    "segmentation.mean_iou": ("≥", 0.58),
    "segmentation.floor_iou": ("≥", 0.60),
    "segmentation.wall_iou": ("≥", 0.62),
    "segmentation.furniture_iou": ("≥", 0.65),
    "depth.abs_rel": ("≤", 0.17),
    "depth.spearman": ("≥", 0.60),
    "room_type.top1": ("≥", 0.55),
    "restyle.gradient_correlation": ("≥", 0.75),
    "restyle.palette_share": ("≥", 0.70),
    "restyle.style_distance": ("≥", 8.0),
    "restyle.kept_max_difference": ("≤", 0.0),
    "restyle.window_mean_difference": ("≤", 2.0),
    "restyle.wrongly_painted": ("≤", 0.05),
    "restyle.invented_edges": ("≤", 0.05),
    "restyle.invented_length": ("≤", 0.3),
    "seconds.all_p50": ("≤", 1.0),
    "seconds.preview_p50": ("≤", 0.4),
    "memory.beyond_bare_mb": ("≤", 400.0),
}
HALF: Final = 0.5
"""Probability from which a picture is called a room."""
BARS: Final[Mapping[str, tuple[str, float]]] = {
    "invented_edges": ("≤", 0.05),
    "invented_length": ("≤", 0.3),
    "repainted": ("≥", 0.55),
    "style_distance": ("≥", 8.0),
    "wrongly_painted": ("≤", 0.06),
    "mean_iou": ("≥", 0.62),
}
"""What the worse end of a figure's interval over photos is to reach."""
BY_STAND_IN: Final = ("wrong_by_stand_in", "mean_iou_by_stand_in")
"""Figures without a bar: the network that they are measured by errs too."""
COLUMNS: Final = (
    "mean_iou",
    "accuracy",
    "abs_rel",
    "gradient_correlation",
    "palette_share",
    "style_distance",
    "wrongly_painted",
    "invented_edges",
)
"""What `report.md` tells of each photo."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A photo whose type of room is known."""

    name: str
    shows: str
    found: str
    room_probability: float


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that was measured."""

    rows: Sequence[Row]
    typed: Sequence[Typed]
    seconds: Sequence[Seconds]
    """Of photos of 1024×768."""

    beyond_bare_mb: float
    """Peak memory of all steps on such a photo, beyond the process with everything imported; NaN if unknown."""

    skipped: Sequence[Skipped]
    conditions: Mapping[str, str]
    """Revisions and machine."""

    rooms: Sequence[tuple[bool, float]] = ()
    """Of every picture: whether it shows a room, and the probability that it was given."""


def summary(findings: Findings) -> dict[str, Any]:
    """The content of `report.json`."""
    rows = findings.rows
    made: dict[str, Any] = _plain(
        {
            "segmentation": {
                **scores.segmentation(_sum([row.surfaces.counts for row in rows if row.surfaces is not None])),
                "baseline": scores.segmentation(_sum([row.guessed for row in rows if row.guessed is not None])),
            },
            "depth": {
                **_depth([row.depth for row in rows]),
                "baseline": _depth([row.ramp for row in rows]),
            },
            "room_type": {
                "top1": _mean([float(one.found == one.shows) for one in findings.typed]),
                "baseline": {"top1": baseline.most_frequent([one.shows for one in findings.typed])},
            },
            "restyle": {
                **_restyle([row.restyled for row in rows]),
                "baseline": _restyle([row.painted for row in rows]),
            },
            "intervals": _intervals(rows),
            "room_test": {
                "rooms_found": _mean([float(p >= HALF) for is_room, p in findings.rooms if is_room]),
                "others_taken_for_rooms": _mean([float(p >= HALF) for is_room, p in findings.rooms if not is_room]),
            },
            "seconds": {
                "all_p50": _median([one.all for one in findings.seconds]),
                "preview_p50": _median([one.preview for one in findings.seconds]),
                "look_p50": _median([one.look for one in findings.seconds]),
                "baseline": dict.fromkeys(("all_p50", "preview_p50"), _median([row.painting_seconds for row in rows])),
            },
            "memory": {"beyond_bare_mb": findings.beyond_bare_mb},
            "confidence": {"calibration_error": _calibration(rows)},
            "counts": {
                "restyled": len(rows),
                "labelled": sum(row.surfaces is not None for row in rows),
                "with_depth": sum(row.depth is not None for row in rows),
                "typed": len(findings.typed),
                "timed": len(findings.seconds),
            },
            "photos": [_photo(row) for row in rows],
            "room_types": [asdict(one) for one in findings.typed],
            "skipped": [asdict(one) for one in findings.skipped],
            "conditions": dict(findings.conditions),
        }
    )
    return made


def write(folder: Path, findings: Findings) -> dict[str, Any]:
    """Writes both reports into a folder and returns the summary."""
    made = summary(findings)
    folder.joinpath("report.json").write_text(json.dumps(made, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    folder.joinpath("report.md").write_text(text(made), encoding="utf-8")
    return made


def figures(made: Mapping[str, Any]) -> str:
    """A Markdown table: every figure beside baseline and aim."""
    lines = ["| | figure | baseline | aim |", "|---|---|---|---|"]
    for section in ("segmentation", "depth", "room_type", "restyle", "room_test", "seconds", "memory", "confidence"):
        for name, value in made[section].items():
            if name != "baseline":
                trivial = made[section].get("baseline", {}).get(name)
                sign, aim = TARGETS.get(f"{section}.{name}", ("", None))
                wanted = f"{sign} {aim:g}" if aim is not None else ""
                lines.append(f"| {section}.{name} | {_number(value)} | {_number(trivial)} | {wanted} |")
    return "\n".join(lines)


def text(made: Mapping[str, Any]) -> str:
    """`report.md`: the figures, the photos worst first, what was skipped."""
    lines = ["# How well rooms are seen and restyled", "", figures(made)]
    lines += ["", "Means over photos with their 95 % intervals; ✓ where the worse end meets the bar.", ""]
    lines += ["| photos | figure | value | interval | bar | |", "|---|---|---|---|---|---|"]
    for group, figures_of in made["intervals"].items():
        for name, one in figures_of.items():
            bar = f"{BARS[name][0]} {one['aim']:g} | {'✓' if one['met'] else '✗'}" if name in BARS else "|"
            interval = f"{_number(one['low'])} – {_number(one['high'])}"
            lines.append(f"| {group} ({one['count']}) | {name} | {_number(one['value'])} | {interval} | {bar} |")
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in made["counts"].items())
    lines += ["", f"Photos: {counts}.", ""]
    lines += [
        "| photo | " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |",
        "|" + "---|" * (len(COLUMNS) + 1),
    ]
    for one in sorted(made["photos"], key=_worst_first):
        lines.append(f"| {one['name']} | " + " | ".join(_number(one[column]) for column in COLUMNS) + " |")
    wrong = [one for one in made["room_types"] if one["found"] != one["shows"]]
    lines += ["", f"Room types taken for others: {len(wrong)} of {len(made['room_types'])}.", ""]
    lines += [f"- {one['name']}: {one['shows']} taken for {one['found']}" for one in wrong]
    lines += ["", *(f"- skipped {one['file']}: {one['reason']}" for one in made["skipped"])]
    lines += ["", *(f"- {name}: {value}" for name, value in made["conditions"].items())]
    return "\n".join(lines) + "\n"


def _restyle(restyled: Sequence[Restyled]) -> dict[str, float]:
    """Medians over photos × styles; over photos for the distance of styles; the worst of what was kept; the mean share
    of pixels that were wrongly painted, which a median would hide."""
    styles = [row for one in restyled for row in one.rows]
    return {
        "gradient_correlation": _median([row.gradient_correlation for row in styles]),
        "palette_share": _median([row.palette_share for row in styles]),
        "style_distance": _median([one.style_distance for one in restyled]),
        "kept_max_difference": max(_known([one.kept_max_difference for one in restyled]), default=math.nan),
        "window_mean_difference": _median([row.window_mean_difference for row in styles]),
        "wrongly_painted": _mean([row.wrongly_painted for row in styles]),
        "repainted": _median([row.repainted for row in styles]),
        "invented_edges": _mean([row.invented_edges for row in styles]),
        "invented_length": _mean([row.invented_length for row in styles]),
    }


def _intervals(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float | bool | None]]]:
    """By group of photos and figure: its value over photos, 95 % interval, number of photos, and whether the worse end
    meets its bar. Means over photos and styles; the mean over photos for the distance of styles."""
    groups = {
        "labelled": [row for row in rows if row.surfaces is not None],
        "half_a": [row for row in rows if row.half == "A"],
        "half_b": [row for row in rows if row.half == "B"],
        "others": [row for row in rows if row.surfaces is None and row.half is None],
    }
    made: dict[str, dict[str, dict[str, float | bool | None]]] = {}
    for group, members in groups.items():
        for name in (*BARS, *BY_STAND_IN):
            found = _interval(members, name)
            if not math.isnan(found.value):
                sign, aim = BARS.get(name, ("", None))
                met = None if aim is None else found.meets(sign, aim)
                made.setdefault(group, {})[name] = {**asdict(found), "aim": aim, "met": met}
    return made


def _interval(rows: Sequence[Row], name: str) -> Interval:
    if name in ("mean_iou", "mean_iou_by_stand_in"):
        truth = [row.surfaces.counts for row in rows if row.surfaces is not None]
        counts = truth if name == "mean_iou" else [row.stand_in for row in rows if row.stand_in is not None]
        return bootstrap(counts, lambda drawn: scores.segmentation(_sum(drawn))["mean_iou"])
    if name == "style_distance":
        values = [row.restyled.style_distance for row in rows]
    else:
        values = [_mean([getattr(style, name) for style in row.restyled.rows]) for row in rows]
    return bootstrap(_known(values), _mean)


def _depth(errors: Sequence[tuple[float, float] | None]) -> dict[str, float]:
    """Means over photos."""
    known = [one for one in errors if one is not None]
    return {"abs_rel": _mean([one[0] for one in known]), "spearman": _mean([one[1] for one in known])}


def _photo(row: Row) -> dict[str, Any]:
    figures = scores.segmentation(row.surfaces.counts) if row.surfaces is not None else {}
    restyled = _restyle([row.restyled])
    return {
        "name": row.name,
        "size": list(row.size),
        "mean_iou": figures.get("mean_iou"),
        "accuracy": figures.get("accuracy"),
        **{name: value for name, value in figures.items() if name not in ("mean_iou", "accuracy")},
        **_depth([row.depth]),
        **restyled,
        "styles": [asdict(one) for one in row.restyled.rows],
    }


def _calibration(rows: Sequence[Row]) -> float:
    seen = [row.surfaces for row in rows if row.surfaces is not None]
    return scores.calibration([one.sure for one in seen], [one.right for one in seen])


def _worst_first(one: Mapping[str, Any]) -> float:
    return float(one["mean_iou"]) if one["mean_iou"] is not None else 2.0


def _sum(counts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.asarray(np.sum([np.zeros((5, 5), dtype=np.int64), *counts], axis=0))


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(_known(values))) if _known(values) else math.nan


def _median(values: Sequence[float]) -> float:
    return float(np.median(_known(values))) if _known(values) else math.nan


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _plain(value: Any) -> Any:
    """What JSON can hold: NaN becomes null, figures keep five digits."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if not math.isfinite(value) else round(value, 5)
    return value
