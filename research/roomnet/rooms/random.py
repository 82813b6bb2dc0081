"""A furnished room by chance."""

from collections.abc import Callable
from typing import Final

import numpy as np

from research.roomnet.rooms import (
    bathroom,
    bedroom,
    building,
    built_in,
    daylight,
    dining,
    disorder,
    kitchen,
    living,
    things,
    wild,
    workplace,
)
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.workshop import Workshop

FURNISHERS: Final[dict[str, Callable[[Plan], None]]] = {
    "living_room": living.furnish,
    "bedroom": bedroom.furnish,
    "kitchen": kitchen.furnish,
    "bathroom": bathroom.furnish,
    "dining_room": dining.furnish,
    "office": workplace.furnish_office,
    "hallway": workplace.furnish_hallway,
    "kids_room": bedroom.furnish_for_children,
    "other": workplace.furnish_other,
}
"""By room type, in the words of the HTTP contract."""

ROOM_TYPES: Final = tuple(FURNISHERS)
SHARES: Final = (0.19, 0.2, 0.19, 0.14, 0.09, 0.07, 0.03, 0.05, 0.04)
"""How often each type is drawn."""

SOFT: Final = 0.12
"""Share of living rooms in which nothing has a straight front."""

EMPTY: Final = 0.08
"""Share of rooms without furniture; an empty room has its type in name only, so it is `other`."""


def room(rng: np.random.Generator, room_type: str, *, fine: bool = False) -> Plan:
    """A room of that type with its light, furnished."""
    shop = Workshop(rng=rng, fine=fine)
    plan = building.build(shop, room_type)
    plan.mess = disorder.amount(plan)
    if room_type == "living_room" and shop.aside().chance(SOFT):
        living.furnish_softly(plan)
    else:
        _fit(plan, room_type)
        FURNISHERS[room_type](plan)
        _fill(plan, room_type)
    disorder.clutter(plan, 0.35 * plan.mess)
    if shop.chance(wild.SHARE):
        wild.repaint(plan)
    daylight.lights(plan)
    return plan


FITTED: Final[dict[str, tuple[float, float]]] = {
    "living_room": (0.12, 0.25),
    "bedroom": (0.28, 0.08),
    "dining_room": (0.2, 0.15),
    "office": (0.3, 0.35),
    "hallway": (0.3, 0.15),
    "kids_room": (0.25, 0.2),
    "other": (0.25, 0.25),
}
"""How often a room has fitted cupboards, and how often fitted shelves."""


def _fit(plan: Plan, room_type: str) -> None:
    """Built-in things come first, for they need whole walls."""
    cupboards, shelves = FITTED.get(room_type, (0.0, 0.0))
    if plan.shop.chance(cupboards):
        built_in.cupboards(plan)
    if plan.shop.chance(shelves):
        built_in.shelves(plan)


def _fill(plan: Plan, room_type: str) -> None:
    """Lived-in rooms have a few things more than they need."""
    shop = plan.shop
    if shop.chance(0.2):
        return
    anywhere = (things.floor_plant, built_in.board, things.pictures, things.sideboard)
    where_people_sit = (
        things.bookcase,
        things.floor_plant,
        things.floor_lamp,
        things.sideboard,
        things.sideboard,
        things.easy_chair,
        built_in.board,
        things.pictures,
    )
    makers = anywhere if room_type in {"bathroom", "kitchen"} else where_people_sit
    for _ in range(int(shop.rng.integers(1, 7))):
        makers[int(shop.rng.integers(len(makers)))](plan)


def empty_room(rng: np.random.Generator, *, fine: bool = False) -> Plan:
    """Bare walls, perhaps a radiator, now and then a forgotten box."""
    kinds = ("living_room", "bedroom", "dining_room", "office", "kids_room", "other")
    shop = Workshop(rng=rng, fine=fine)
    plan = building.build(shop, kinds[int(rng.integers(len(kinds)))])
    if shop.chance(0.2):
        disorder.clutter(plan, 0.3)
    if shop.chance(wild.SHARE):
        wild.repaint(plan)
    daylight.lights(plan)
    return plan
