"""Builds an empty room by chance: size, openings, floor, ceiling, what hangs at its windows."""

from typing import Final

from research.roomnet.rooms import daylight, holes, joinery, structure, surfaces
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.scene import Scene
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import walls

SIZES: Final[dict[str, tuple[float, float, float, float]]] = {
    "living_room": (3.4, 6.2, 3.4, 6.2),
    "bedroom": (2.7, 4.6, 2.9, 4.6),
    "kitchen": (2.2, 4.8, 2.6, 5.0),
    "bathroom": (1.7, 3.4, 2.0, 4.0),
    "dining_room": (2.8, 4.6, 3.0, 5.0),
    "office": (2.4, 4.6, 2.6, 4.8),
    "hallway": (1.2, 2.2, 3.4, 7.5),
    "kids_room": (2.6, 4.2, 2.8, 4.6),
    "other": (2.5, 7.0, 3.0, 8.0),
}
"""Least and largest width, least and largest depth, metres."""


def build(shop: Workshop, room_type: str) -> Plan:
    """A room without furniture; the photographer will stand towards its front."""
    least_width, most_width, least_depth, most_depth = SIZES[room_type]
    width, depth = shop.between(least_width, most_width), shop.between(least_depth, most_depth)
    height = shop.between(2.3, 2.75) if shop.chance(0.82) else shop.between(2.75, 3.6)
    taste = surfaces.choose(shop, room_type)
    sides = walls.four_sides(width, depth, height)
    plan = Plan(
        shop=shop,
        taste=taste,
        scene=Scene(sky=daylight.sky(shop)),
        width=width,
        depth=depth,
        height=height,
        sides=sides,
    )
    slope = _choose_slope(shop, room_type)
    if slope:
        plan.low_sides = frozenset({slope})
    holes.choose_openings(plan, room_type)
    accent = ("back", "left", "right")[int(shop.rng.integers(3))]
    for name, side in sides.items():
        cut = [*plan.windows.get(name, []), *plan.doors.get(name, [])]
        surface = taste.accent_wall if name == accent else taste.wall
        recesses = structure.recesses(plan, side, surface)
        plan.add(walls.wall(side, surface, openings=[*cut, *recesses]))
        structure.pilasters(plan, side, surface)
        if shop.chance(0.9) and room_type != "bathroom":
            plan.add(walls.skirting(shop, side, taste.trim, gaps=[*cut, *recesses], height=shop.between(0.05, 0.16)))
    structure.clad(plan, room_type)
    plan.add(walls.floor(taste.floor, width, depth, along_y=shop.chance(0.7)))
    structure.ceiling(plan, slope)
    structure.boxing(plan, slope)
    for name, cut in plan.windows.items():
        for hole in cut:
            joinery.window(plan, sides[name], hole)
    joinery.curtains_beside_a_wall(plan)
    for name, cut in plan.doors.items():
        for hole in cut:
            joinery.door(plan, sides[name], hole)
    return plan


def _choose_slope(shop: Workshop, room_type: str) -> str:
    chance = 0.12 if room_type in {"bedroom", "kids_room", "office", "bathroom", "other"} else 0.04
    return ("left", "right", "back")[int(shop.rng.integers(3))] if shop.chance(chance) else ""
