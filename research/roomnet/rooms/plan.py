"""A room's floor plan while it is being furnished: what stands where, and where something else still fits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from research.roomnet.rooms.taste import Taste
from research.roomnet.scene.scene import Body, Scene
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell.walls import Opening, Side

Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, front, right, back in room coordinates."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place at a wall."""

    side: Side
    along: float
    """Of the thing's middle."""

    def put(
        self, *bodies: Body, out: float = 0.0, up: float = 0.0, shift: float = 0.0, turn: float = 0.0
    ) -> list[Body]:
        """Bodies at this place: `out` metres from the wall, `shift` along it."""
        return [self.side.place(body, self.along + shift, out, up, turn) for body in bodies]


@dataclass(kw_only=True)
class Plan:
    """One room in the making."""

    shop: Workshop
    taste: Taste
    scene: Scene
    width: float
    depth: float
    height: float
    sides: dict[str, Side]
    windows: dict[str, list[Opening]] = field(default_factory=dict)
    doors: dict[str, list[Opening]] = field(default_factory=dict)
    low_sides: frozenset[str] = frozenset()
    """Walls under a slope."""

    hung: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Stretches of wall that are taken above eye height."""

    rise: float = 0.0
    """Of the ridge above the walls, under a pitched ceiling."""

    mess: float = 0.0
    """How much lies about, 0 to 3."""

    occupied: list[Rectangle] = field(default_factory=list)
    counters: list[Rectangle] = field(default_factory=list)
    """Tops that one may look across from close by."""

    focus: list[tuple[float, float, float]] = field(default_factory=list)
    """Points that a photographer would look at."""

    def at_wall(
        self,
        width: float,
        depth: float,
        height: float,
        *,
        sides: Sequence[str] | None = None,
        margin: float = 0.06,
        clear: float = 0.0,
    ) -> Spot | None:
        """A free stretch of wall for a thing that size, `clear` metres free in front of it, and takes it."""
        names = list(sides or self.sides)
        self.shop.rng.shuffle(names)
        for name in names:
            side = self.sides[name]
            if name in self.low_sides and height > 0.9:
                continue
            if side.length < width + 2 * margin:
                continue
            for attempt in range(10):
                along = self.shop.between(width / 2 + margin, side.length - width / 2 - margin)
                if attempt < 2:  # corners and middles are what people choose
                    along = (width / 2 + margin, side.length / 2)[attempt]
                if self.wall_free(name, along, width, height) and self.take(
                    footprint(side, along, width, 0, depth), clear_of=footprint(side, along, width, 0, depth + clear)
                ):
                    if height > 1.2:
                        self.hung.setdefault(name, []).append((along - width / 2, along + width / 2))
                    return Spot(side=side, along=along)
        return None

    def wall_free(self, name: str, along: float, width: float, height: float) -> bool:
        """Whether neither a door nor, behind something tall, a window is in the way."""
        left, right = along - width / 2, along + width / 2
        for hole in self.doors.get(name, []):
            if left < hole.right + 0.12 and right > hole.left - 0.12:
                return False
        return not any(
            height > hole.bottom + 0.1 and left < hole.right + 0.3 and right > hole.left - 0.3
            for hole in self.windows.get(name, [])
        )

    def hang(self, width: float, *, sides: Sequence[str] | None = None) -> Spot | None:
        """A free stretch of wall at eye height, and takes it."""
        names = [name for name in (sides or list(self.sides)) if name not in self.low_sides]
        self.shop.rng.shuffle(names)
        for name in names:
            side = self.sides[name]
            for _ in range(8):
                if side.length < width + 0.3:
                    break
                along = self.shop.between(width / 2 + 0.15, side.length - width / 2 - 0.15)
                if self.hang_at(name, along, width):
                    return Spot(side=side, along=along)
        return None

    def hang_at(self, name: str, along: float, width: float) -> bool:
        """Takes that stretch of wall at eye height if it is free."""
        left, right = along - width / 2, along + width / 2
        taken = list(self.hung.get(name, []))
        taken += [(hole.left - 0.35, hole.right + 0.35) for hole in self.windows.get(name, [])]
        taken += [(hole.left - 0.12, hole.right + 0.12) for hole in self.doors.get(name, [])]
        if (
            left < 0.05
            or right > self.sides[name].length - 0.05
            or any(left < b + 0.08 and right > a - 0.08 for a, b in taken)
        ):
            return False
        self.hung.setdefault(name, []).append((left, right))
        return True

    def take(self, area: Rectangle, *, clear_of: Rectangle | None = None) -> bool:
        """Occupies floor if it (or the larger `clear_of`) is inside the room and free."""
        left, front, right, back = area
        if left < -0.02 or front < -0.02 or right > self.width + 0.02 or back > self.depth + 0.02:
            return False
        if not self.free(clear_of or area):
            return False
        self.occupied.append(area)
        return True

    def free(self, area: Rectangle) -> bool:
        """Whether nothing stands there."""
        left, front, right, back = area
        return not any(left < r and right > a and front < b and back > f for a, f, r, b in self.occupied)

    def anywhere(self, width: float, depth: float, *, margin: float = 0.1) -> tuple[float, float] | None:
        """The middle of a free rectangle, and takes it."""
        for _ in range(14):
            x = self.shop.between(width / 2 + margin, max(self.width - width / 2 - margin, width / 2 + margin + 0.01))
            y = self.shop.between(depth / 2 + margin, max(self.depth - depth / 2 - margin, depth / 2 + margin + 0.01))
            if self.take((x - width / 2, y - depth / 2, x + width / 2, y + depth / 2)):
                return x, y
        return None

    def add(self, bodies: Sequence[Body] | Body) -> None:
        """To the scene."""
        self.scene.add(*([bodies] if isinstance(bodies, Body) else bodies))


def footprint(side: Side, along: float, width: float, near: float, far: float) -> Rectangle:
    """The floor that a thing takes which stands `near` to `far` metres from a wall."""
    corners = np.array([side.point(along + sign * width / 2, -out, 0)[:2] for sign in (-1, 1) for out in (near, far)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
