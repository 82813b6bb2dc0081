"""Chooses where windows and doors go in the walls of an empty room."""

from research.roomnet.rooms.plan import Plan
from research.roomnet.shell.walls import Opening


def choose_openings(plan: Plan, room_type: str) -> None:
    """One to three windows, mostly in one or two walls, and one or two doors where there is room for them."""
    shop = plan.shop
    count = (
        0
        if shop.chance(0.35 if room_type in {"bathroom", "hallway"} else 0.05)
        else int(shop.rng.choice([1, 2, 3], p=[0.45, 0.37, 0.18]))
    )
    shares = [0.36, 0.25, 0.25, 0.14]
    for _ in range(count):
        name = str(shop.rng.choice(["back", "left", "right", "front"], p=shares))
        if name in plan.low_sides:
            continue
        side = plan.sides[name]
        french = shop.chance(0.25) and room_type not in {"bathroom", "kitchen"}
        small = room_type in {"bathroom", "kitchen"}
        wide = min(shop.between(0.5, 1.1) if small else shop.between(0.8, 2.6), side.length - 0.7)
        if wide < 0.45:
            continue
        bottom = 0.03 if french else shop.between(1.0, 1.3) if small else shop.between(0.4, 1.0)
        top = min(shop.between(1.95, 2.3), plan.height - 0.12)
        middle = side.length / 2 if shop.chance(0.4) else shop.between(wide / 2 + 0.3, side.length - wide / 2 - 0.3)
        hole = Opening(left=middle - wide / 2, right=middle + wide / 2, bottom=bottom, top=top)
        if _clear(plan, name, hole):
            plan.windows.setdefault(name, []).append(hole)
    for _ in range(2 if room_type == "hallway" or shop.chance(0.3) else 1):
        name = str(shop.rng.choice(["back", "left", "right", "front"], p=[0.28, 0.26, 0.26, 0.2]))
        side, wide = plan.sides[name], shop.between(0.74, 0.95)
        if name in plan.low_sides or side.length < wide + 0.5:
            continue
        near_corner = shop.between(0.14, 0.4) + wide / 2
        middle = (
            near_corner
            if shop.chance(0.4)
            else side.length - near_corner
            if shop.chance(0.6)
            else shop.between(wide / 2 + 0.2, side.length - wide / 2 - 0.2)
        )
        hole = Opening(
            left=middle - wide / 2,
            right=middle + wide / 2,
            bottom=0.0,
            top=min(shop.between(1.97, 2.1), plan.height - 0.1),
        )
        if _clear(plan, name, hole):
            plan.doors.setdefault(name, []).append(hole)


def _clear(plan: Plan, name: str, hole: Opening) -> bool:
    others = [*plan.windows.get(name, []), *plan.doors.get(name, [])]
    return not any(hole.left < other.right + 0.25 and hole.right > other.left - 0.25 for other in others)
