"""Where the photographer stands: of several views that chance offers, the one that is most like a real photo."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from research.roomnet.labels import INDEX
from research.roomnet.renderer.trace import Glance
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.camera import Camera
from research.roomnet.scene.scene import Part

STRUCTURE: Final = frozenset({"wall", "floor", "ceiling", "windowpane", "door", "blind", "rug"})
"""Labels that are not furniture where shares of a picture are counted."""

NEAR: Final = 0.2
"""Share of pictures of rooms with counters that are taken across one of them."""

_TRIES: Final = 16
_AGENT, _HAND, _DETAIL = 0.36, 0.62, 0.84
"""Of all pictures, those above are an estate agent's, held in the hand without care, and of a detail of the room."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """What part of a picture shows what, 0–1."""

    furniture: float
    ceiling: float
    floor: float
    close: float
    """Nearer than 40 cm."""

    kinds: int
    """Number of parts that cover at least 1 %."""


def shares(glance: Glance, parts: list[Part]) -> Shares:
    """Counts."""
    furniture = np.array([*(part.label not in STRUCTURE for part in parts), False])
    label = np.array([*(INDEX[part.label] for part in parts), 255])
    seen: NDArray[np.int64] = label[glance.part]
    return Shares(
        furniture=float(furniture[glance.part].mean()),
        ceiling=float((seen == INDEX["ceiling"]).mean()),
        floor=float(np.isin(seen, [INDEX["floor"], INDEX["rug"]]).mean()),
        close=float((glance.depth < 0.4).mean()),
        kinds=int((np.bincount(glance.part.ravel() + 1) > 0.01 * glance.part.size).sum()),
    )


def choose(
    plan: Plan, width: int, height: int, look: Callable[[Camera], Glance], *, furniture: float, ceiling: float
) -> Camera:
    """The best of several cameras for a picture with those shares of furniture and ceiling."""
    parts, style, wanted_kinds = plan.scene.parts, plan.shop.rng.random(), 11
    near = plan.shop.aside().chance(NEAR)
    if style > _DETAIL:
        wanted_kinds, furniture = 5, min(0.9, furniture + 0.15)
    best, least = None, np.inf
    for _ in range(_TRIES):
        camera = _candidate(plan, width, height, style, near=near)
        small = replace(camera, width=48, height=max(8, round(48 * height / width)))
        seen = shares(look(small), parts)
        close = 0.0 if plan.counters and near else seen.close
        cost = 1.6 * abs(seen.furniture - furniture) + 1.5 * abs(seen.ceiling - ceiling) + 3 * close
        cost += 0.5 * max(0.0, 0.08 - seen.floor) + 0.07 * max(0, wanted_kinds - seen.kinds)
        if cost < least:
            best, least = camera, cost
    assert best is not None  # noqa: S101 - there is at least one try
    return best


def _candidate(plan: Plan, width: int, height: int, style: float, *, near: bool) -> Camera:
    shop = plan.shop
    if style < _AGENT:
        focal, tall, pitch = shop.between(22, 30), shop.between(1.25, 1.65), shop.rng.normal(-6, 5)
    elif style < _HAND:  # an estate agent's wide lens
        focal, tall, pitch = shop.between(14, 22), shop.between(1.05, 1.6), shop.rng.normal(-3, 3)
    elif style < _DETAIL:  # from wherever somebody stood or sat
        focal, tall, pitch = shop.between(20, 38), shop.between(0.7, 1.9), shop.rng.normal(-12, 9)
    else:  # a detail
        focal, tall, pitch = shop.between(30, 60), shop.between(0.9, 1.6), shop.rng.normal(-11, 7)
    x, y = _stand(plan)
    if plan.counters and near:
        x, y, tall = _behind_a_counter(plan)
    if plan.focus and shop.chance(0.8):
        target = plan.focus[int(shop.rng.integers(len(plan.focus)))]
        heading = np.degrees(np.arctan2(-(target[0] - x), target[1] - y)) + shop.rng.normal(0, 12)
        if style >= _DETAIL:
            distance = float(np.hypot(target[0] - x, target[1] - y))
            pitch = np.degrees(np.arctan2(target[2] - tall, max(distance, 0.8))) + shop.rng.normal(0, 4)
    else:
        heading = np.degrees(np.arctan2(-(plan.width / 2 - x), plan.depth / 2 - y)) + shop.rng.normal(0, 18)
    held = _HAND <= style < _DETAIL
    level = not held and shop.chance(0.35)
    return Camera(
        eye=(x, y, tall),
        heading=float(heading),
        pitch=0.0 if level else float(np.clip(pitch, -40, 12)),
        shift=float(np.tan(np.radians(pitch)) * 0.8) if level else 0.0,
        roll=float(shop.rng.normal(0, 3.0 if held else 0.8)) if shop.chance(0.6) else 0.0,
        focal=focal,
        width=width,
        height=height,
    )


def _behind_a_counter(plan: Plan) -> tuple[float, float, float]:
    """At the edge of a counter, so that its top fills the picture's foot: x, y and height of the eye."""
    shop = plan.shop
    left, front, right, back = plan.counters[int(shop.rng.integers(len(plan.counters)))]
    x, y = shop.between(left, right), shop.between(front, back)
    inside_x, inside_y = min(max(x, 0.15), plan.width - 0.15), min(max(y, 0.15), plan.depth - 0.15)
    return inside_x, inside_y, shop.between(1.2, 1.65)


def _stand(plan: Plan) -> tuple[float, float]:
    """A free spot, mostly near the front wall or in a corner."""
    shop = plan.shop
    margin = 0.22
    for attempt in range(14):
        x = shop.between(margin, plan.width - margin)
        y = shop.between(margin, plan.depth * (0.35 if attempt < 8 else 0.9) - margin * 0.5)
        if shop.chance(0.5):
            x = margin if shop.chance(0.5) else plan.width - margin
        x, y = float(np.clip(x, margin, plan.width - margin)), float(np.clip(y, margin, plan.depth - margin))
        if plan.free((x - 0.2, y - 0.2, x + 0.2, y + 0.2)):
            return x, y
    return plan.width / 2, margin
