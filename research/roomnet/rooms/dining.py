"""Furnishes dining rooms, and the tables that other rooms have."""

from typing import TypeAlias

import numpy as np

from research.roomnet.furniture import lamps, seating, tables
from research.roomnet.rooms import daylight, disorder, surfaces, things
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Part
from research.roomnet.scene.workshop import Workshop

Place: TypeAlias = tuple[float, float, float]
"""Of a chair: x and y from the table's middle, and its turn in degrees."""


def furnish(plan: Plan) -> None:
    """A table with chairs, a sideboard, a lamp over it."""
    shop = plan.shop
    group(plan, most=8)
    for maker, chance in (
        (things.sideboard, 0.7),
        (things.floor_plant, 0.5),
        (things.bookcase, 0.25),
        (things.floor_lamp, 0.25),
    ):
        if shop.chance(chance):
            maker(plan)
    things.pictures(plan)


def group(plan: Plan, *, most: int) -> None:
    """A table with its chairs somewhere in the middle."""
    shop, taste = plan.shop, plan.taste
    circular = shop.chance(0.25)
    width = shop.between(0.95, 1.3) if circular else shop.between(1.1, 2.0 if most > 4 else 1.4)
    depth = width if circular else shop.between(0.75, 0.95)
    turned = shop.chance(0.5)
    need = (depth + 1.0, width + 0.8) if turned else (width + 0.8, depth + 1.0)
    place = plan.anywhere(min(need[0], plan.width - 0.3), min(need[1], plan.depth - 0.3))
    if not place:
        return
    x, y = place
    turn = 90.0 if turned else 0.0
    if shop.chance(0.35):
        things.rug(plan, x, y, need[0] + 0.4, need[1] + 0.4)
    top = taste.wood if shop.chance(0.8) else surfaces.stone(shop)
    part = Part(label="table", thing="table")
    if circular:
        plan.add(tables.round_table(shop, top, taste.other_wood, part, radius=width / 2, height=0.75).placed(x, y))
    else:
        plan.add(
            tables.dining_table(
                shop, top, taste.other_wood if shop.chance(0.5) else taste.wood, width=width, depth=depth
            ).placed(x, y, 0, turn)
        )
    plan.focus.append((x, y, 0.8))
    if not circular and shop.chance(0.2):
        plan.add(tables.tablecloth(shop, disorder.fabric(plan), width=width, depth=depth).placed(x, y, 0.75, turn))
    disorder.scatter(plan, (x, y), (0.9, 0.7) if not turned else (0.7, 0.9), 0.756, most=7)
    places = _around(shop, width, most) if circular else _along(width, depth, most)
    _chairs(plan, (x, y), turn, places)
    if shop.chance(0.45):
        drop = plan.height + plan.rise - shop.between(1.5, 1.75)
        radius = shop.between(0.15, 0.3)
        shade = taste.metal if shop.chance(0.5) else Material(colour=(0.7, 0.65, 0.55), translucency=0.35, specular=0.0)
        plan.add(
            lamps.pendant(shop, shade, Material(colour=(0.05, 0.05, 0.05)), drop=drop, radius=radius).placed(
                x, y, plan.height + plan.rise
            )
        )
        if shop.chance(0.6):
            daylight.add_table_light(
                plan,
                x,
                y,
                plan.height + plan.rise - drop + 0.4 * radius + 0.1,
                shade_height=0.2,
                power=shop.between(20, 60),
            )


def _around(shop: Workshop, width: float, most: int) -> list[Place]:
    """Places about a round table."""
    count, pulled = min(most, int(shop.rng.integers(2, 6))), shop.between(0.1, 0.3)
    angles = 2 * np.pi * np.arange(count) / count + 0.4
    radius = width / 2 + pulled
    return [(float(np.sin(a)) * radius, -float(np.cos(a)) * radius, float(np.degrees(a)) + 180) for a in angles]


def _along(width: float, depth: float, most: int) -> list[Place]:
    """Places at the long sides of a table, and at its ends where it seats many."""
    count, pulled = max(1, int(width / 0.6)), 0.2
    steps = [(number - (count - 1) / 2) * width / count for number in range(count)]
    places = [(along, -depth / 2 - pulled, 180.0) for along in steps]
    places += [(along, depth / 2 + pulled, 0.0) for along in steps]
    if most > 4:
        places += [(-width / 2 - pulled, 0.0, 90.0), (width / 2 + pulled, 0.0, -90.0)]
    return places


def _chairs(plan: Plan, middle: tuple[float, float], turn: float, places: list[Place]) -> None:
    """Chairs of one make at most of these places."""
    shop, taste = plan.shop, plan.taste
    make, slats, padded = shop.rng.random(), int(shop.rng.integers(1, 5)), shop.chance(0.6)
    cover, angle = taste.other_cloth, np.radians(turn)
    for dx, dy, facing in places:
        x = middle[0] + float(np.cos(angle) * dx - np.sin(angle) * dy)
        y = middle[1] + float(np.sin(angle) * dx + np.cos(angle) * dy)
        if shop.chance(0.1) or not (0.25 < x < plan.width - 0.25 and 0.25 < y < plan.depth - 0.25):
            continue
        if make < 0.12:
            chair = seating.swivel_chair(shop, cover, taste.metal)
        elif make < 0.6:
            chair = seating.chair(shop, taste.other_wood, cover, slats=slats, padded=padded)
        else:
            shell = cover if make > 0.8 else taste.trim
            chair = seating.shell_chair(shop, shell, taste.other_wood if padded else taste.metal)
        plan.add(chair.placed(x, y, 0, turn + facing + shop.between(-12, 12)))
