"""A furnished room by chance."""

from collections.abc import Callable
from typing import Final

import numpy as np

from training.rooms import bathroom, bedroom, building, daylight, dining, kitchen, living, things, workplace
from training.rooms.plan import Plan
from training.scene.workshop import Workshop

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
SHARES: Final = (0.21, 0.19, 0.15, 0.15, 0.09, 0.07, 0.05, 0.06, 0.03)
"""How often each type is drawn."""

EMPTY: Final = 0.07
"""Share of rooms without furniture; an empty room has its type in name only, so it is `other`."""


def room(rng: np.random.Generator, room_type: str, *, fine: bool = False) -> Plan:
    """A room of that type with its light, furnished."""
    shop = Workshop(rng=rng, fine=fine)
    plan = building.build(shop, room_type)
    FURNISHERS[room_type](plan)
    _fill(plan)
    things.clutter(plan, max(0.0, float(rng.normal(0.1, 0.5))))
    daylight.lights(plan)
    return plan


def _fill(plan: Plan) -> None:
    """Lived-in rooms have a few things more than they need."""
    shop = plan.shop
    if shop.chance(0.35):
        return
    makers = (things.bookcase, things.floor_plant, things.floor_lamp, things.sideboard, things.easy_chair)
    for _ in range(int(shop.rng.integers(1, 5))):
        makers[int(shop.rng.integers(len(makers)))](plan)


def empty_room(rng: np.random.Generator, *, fine: bool = False) -> Plan:
    """Bare walls, perhaps a radiator, now and then a forgotten box."""
    kinds = ("living_room", "bedroom", "dining_room", "office", "kids_room", "other")
    shop = Workshop(rng=rng, fine=fine)
    plan = building.build(shop, kinds[int(rng.integers(len(kinds)))])
    if shop.chance(0.2):
        things.clutter(plan, 0.3)
    daylight.lights(plan)
    return plan
