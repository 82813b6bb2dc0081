"""How good a restyled photo is, in four scores and one."""

import math
from typing import Final

import cv2
import numpy as np

from controlmaps import palette, sharpness, structure
from controlmaps.domain import Layout, Pair, Quality
from servicekit.imaging.arrays import RGB, Mask

UNCHANGED: Final = 8.0
"""Difference (0–255, of the worst channel, averaged over 3×3 pixels) that re-encoding as JPEG may make."""
CHANGED: Final = 24.0
"""Difference from which on a pixel counts as changed; between, it counts in part."""
MAX_CHANGED: Final = 0.4
"""Share of changed pixels at which nothing is left of the score for keeping."""
WEIGHTS: Final = {"structure": 0.5, "palette": 0.2, "keep": 0.2, "sharpness": 0.3}
"""Of the scores in the overall one."""


def score(pair: Pair, before: Layout, after: Layout) -> Quality:
    """All scores; the layouts are those of both pictures as structure.reduced makes them."""
    scores = {
        "structure": structure.score(structure.reduced(pair.original), structure.reduced(pair.result), before, after),
        "palette": palette.score(pair.result, pair.kept, pair.palette),
        "keep": keep(pair.original, pair.result, pair.kept),
        "sharpness": sharpness.score(pair.original, pair.result),
    }
    asked = {"structure", "sharpness"} | ({"palette"} if len(pair.palette) else set())
    asked |= {"keep"} if pair.kept is not None and pair.kept.any() else set()
    return Quality(**scores, overall=overall({name: scores[name] for name in asked}))


def keep(original: RGB, result: RGB, kept: Mask | None) -> float:
    """Whether kept pixels are as they were, but for what encoding does; 1 where none are kept."""
    if kept is None or not kept.any():
        return 1.0
    difference = cv2.absdiff(cv2.blur(original, (3, 3)), cv2.blur(result, (3, 3))).max(axis=2)[kept]
    changed = float(np.clip((difference - UNCHANGED) / (CHANGED - UNCHANGED), 0, 1).mean())
    return max(0.0, 1 - changed / MAX_CHANGED)


def overall(scores: dict[str, float]) -> float:
    """Weighted geometric mean of the scores that were asked for: one bad score is not made up for by the others."""
    total = sum(WEIGHTS[name] for name in scores)
    return math.exp(sum(WEIGHTS[name] * math.log(max(value, 1e-3)) for name, value in scores.items()) / total)
