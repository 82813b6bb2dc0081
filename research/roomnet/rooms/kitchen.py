"""Furnishes kitchens."""

import numpy as np

from research.roomnet.furniture import finishes, kitchen, seating
from research.roomnet.furniture.kitchen import BASE_DEPTH, BASE_HEIGHT, TOP_THICKNESS, Fitting
from research.roomnet.rooms import dining, disorder, surfaces, things
from research.roomnet.rooms.plan import Plan, footprint
from research.roomnet.rooms.taste import WALLS, pick
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.shell.walls import Side


def furnish(plan: Plan) -> None:
    """Runs of units along one to three walls, perhaps an island or a table."""
    shop = plan.shop
    fitting = surfaces.kitchen(plan.shop)
    order = [name for name in ("back", "left", "right") if name not in plan.low_sides]
    shop.rng.shuffle(order)
    runs, wanted = 0, int(shop.rng.choice([1, 2, 3], p=[0.15, 0.45, 0.4]))
    for name in order:
        if runs < wanted and _run(plan, fitting, plan.sides[name], appliances=runs == 0):
            runs += 1
    if plan.width > 3.4 and plan.depth > 3.6 and shop.chance(0.65):
        _island(plan, fitting)
    elif shop.chance(0.5):
        dining.group(plan, most=4)
    things.pictures(plan, most=2)
    if shop.chance(0.3):
        things.floor_plant(plan)
    if shop.aside().chance(0.12):
        _standing_apart(plan, fitting)


def _standing_apart(plan: Plan, fitting: Fitting) -> None:
    """A refrigerator at a wall of its own, as kitchens have that were never planned."""
    shop = plan.shop.aside()
    width, height = shop.between(0.55, 0.92), shop.between(0.85, 1.95)
    spot = plan.at_wall(width, 0.68, height)
    if spot:
        shell = fitting.appliance if shop.chance(0.5) else finishes.STEEL
        fridge = kitchen.refrigerator(shop, shell, width=width, height=height, side_by_side=width > 0.8)
        plan.add(spot.put(fridge, shift=-width / 2))
        plan.focus.append((*spot.side.point(spot.along, -0.5, 0)[:2], 1.0))


def _run(plan: Plan, fitting: Fitting, side: Side, *, appliances: bool) -> bool:
    """Units along the longest stretch of wall without a door; false where there is no room for them."""
    shop = plan.shop
    at, end = _stretch(plan, side)
    if shop.chance(0.85) and appliances and end - at > 1.6:
        at = _cold(plan, fitting, side, at=at)
    at = _larders(plan, fitting, side, at=at, end=end)
    start, oven_at, sink_at = at, shop.between(0.2, 0.5), shop.between(0.5, 0.8)
    if end - start < 0.8 or not plan.take(footprint(side, (start + end) / 2, end - start, 0, BASE_DEPTH)):
        return False
    plan.focus.append((*side.point((start + end) / 2, -0.3, 0)[:2], 0.95))
    while end - at > 0.28:
        width = min(0.6, end - at) if end - at < 1.2 else shop.between(0.4, 0.8)
        share = (at - start) / max(end - start, 0.1)
        if appliances and share >= oven_at:
            plan.add([side.place(body, at) for body in kitchen.cooker(shop, fitting)])
            _above_cooker(plan, fitting, side, at=at)
            oven_at, width = 9.0, 0.6
        elif appliances and share >= sink_at:
            plan.add(side.place(kitchen.base_unit(shop, fitting, width=0.6, drawers=0), at))
            plan.add(side.place(kitchen.basin(shop), at))
            sink_at, width = 9.0, 0.6
        elif appliances and shop.chance(0.12):
            plan.add(side.place(kitchen.dishwasher(shop, fitting), at))
            width = 0.6
        else:
            plan.add(
                side.place(
                    kitchen.base_unit(
                        shop, fitting, width=width, drawers=int(shop.rng.choice([0, 3, 4], p=[0.65, 0.25, 0.1]))
                    ),
                    at,
                )
            )
        if (plan.wall_free(side.name, at + width / 2, width, 2.0) and oven_at != 9.0) or shop.chance(0.6):
            _wall_unit(plan, fitting, side, at=at, width=width)
        at += width
    length = min(at, side.length) - start
    if side.name not in plan.low_sides:
        plan.counters.append(footprint(side, start + length / 2, length, 0.45, BASE_DEPTH))
    plan.add(side.place(kitchen.worktop(shop, fitting, length=length), start))
    _backsplash(plan, fitting, side, start=start, length=length)
    for _ in range(int(shop.rng.integers(0, 6)) + int(shop.rng.poisson(3 * plan.mess))):
        x, y, _ = side.point(start + shop.between(0.05, 0.95) * length, -shop.between(0.14, 0.42), 0)
        plan.add(
            disorder.kitchenware(plan).placed(x, y, BASE_HEIGHT + TOP_THICKNESS, side.turn + shop.between(-40, 40))
        )
    if shop.chance(0.3):
        plan.add(side.place(kitchen.microwave(shop, fitting), start + 0.3, 0.0, BASE_HEIGHT + TOP_THICKNESS))
    return True


def _cold(plan: Plan, fitting: Fitting, side: Side, *, at: float) -> float:
    """A refrigerator at the end of a run, if there is room; returns where the next thing may start."""
    shop = plan.shop
    shell = fitting.appliance if shop.chance(0.5) else finishes.STEEL if shop.chance(0.7) else fitting.front
    double = shop.chance(0.4)
    wide = 0.9 if double else shop.between(0.58, 0.72)
    if plan.wall_free(side.name, at + wide / 2, wide, 1.8) and plan.take(footprint(side, at + wide / 2, wide, 0, 0.68)):
        fridge = kitchen.refrigerator(shop, shell, width=wide, height=shop.between(1.5, 1.95), side_by_side=double)
        plan.add(side.place(fridge, at, 0.0))
        if side.name not in plan.low_sides and plan.height > 2.35 and shop.chance(0.5):
            plan.add(side.place(kitchen.wall_unit(shop, fitting, width=wide, height=plan.height - 2.0), at, 0.2, 1.97))
        at += wide + 0.02
        plan.focus.append((*side.point(at - wide / 2, -0.5, 0)[:2], 1.1))
    return at


def _larders(plan: Plan, fitting: Fitting, side: Side, *, at: float, end: float) -> float:
    """Perhaps some fronts as high as the room; returns where the worktop may start."""
    shop = plan.shop
    if side.name in plan.low_sides or shop.chance(0.5):
        return at
    height = plan.height - 0.02 if shop.chance(0.5) else min(2.1, plan.height - 0.02)
    for _ in range(int(shop.rng.integers(1, 4))):
        width = shop.between(0.4, 0.65)
        middle = at + width / 2
        if end - at < width + 1.0 or not plan.wall_free(side.name, middle, width, height):
            break
        if not plan.take(footprint(side, middle, width, 0, BASE_DEPTH)):
            break
        plan.add(side.place(kitchen.tall_unit(shop, fitting, width=width, height=height), at))
        plan.hung.setdefault(side.name, []).append((at, at + width))
        at += width
    return at


def _stretch(plan: Plan, side: Side) -> tuple[float, float]:
    """From where to where the run may go: clear of doors and of what stands in the corners."""
    stops = sorted((hole.left - 0.1, hole.right + 0.1) for hole in plan.doors.get(side.name, []))
    starts, ends = [0.02, *(right for _, right in stops)], [*(left for left, _ in stops), side.length - 0.02]
    at, end = max(zip(starts, ends, strict=True), key=lambda span: span[1] - span[0])
    while end - at > 0.8 and not plan.free(footprint(side, at + 0.1, 0.2, 0, BASE_DEPTH)):
        at += 0.1
    while end - at > 0.8 and not plan.free(footprint(side, end - 0.1, 0.2, 0, BASE_DEPTH)):
        end -= 0.1
    return at, end


def _wall_unit(plan: Plan, fitting: Fitting, side: Side, *, at: float, width: float) -> None:
    if (
        plan.wall_free(side.name, at + width / 2, width, 2.0)
        and plan.hang_at(side.name, at + width / 2, width - 0.2)
        and side.name not in plan.low_sides
    ):
        height = min(0.72, plan.height - 1.42) if fitting.shaker else plan.height - 1.42
        if height > 0.4:
            plan.add(side.place(kitchen.wall_unit(plan.shop, fitting, width=width, height=height), at, 0.0, 1.4))


def _above_cooker(plan: Plan, fitting: Fitting, side: Side, *, at: float) -> None:
    if plan.wall_free(side.name, at + 0.3, 0.6, 2.0) and side.name not in plan.low_sides:
        plan.hung.setdefault(side.name, []).append((at, at + 0.6))
        if plan.shop.chance(0.35):  # a microwave oven takes the hood's place, as in American kitchens
            plan.add(side.place(kitchen.microwave(plan.shop, fitting), at + 0.3, 0.0, 1.4))
            return
        plan.add(side.place(kitchen.hood(plan.shop, fitting, height=plan.height - 1.55), at, 0.0, 1.55))


def _backsplash(plan: Plan, fitting: Fitting, side: Side, *, start: float, length: float) -> None:
    low = BASE_HEIGHT + TOP_THICKNESS
    high = min([1.4, *(hole.bottom - 0.02 for hole in plan.windows.get(side.name, []))])
    if high - low > 0.03:
        face = rectangle((0, -0.004, low), (length, 0, 0), (0, 0, high - low))
        plan.add(side.place(Body(part=Part(label="wall")).add(fitting.backsplash, face), start))


def _island(plan: Plan, fitting: Fitting) -> None:
    shop = plan.shop
    length, depth = shop.between(1.3, 2.4), shop.between(0.8, 1.1)
    turned = shop.chance(0.4)
    size = (depth, length) if turned else (length, depth)
    place = plan.anywhere(*size, margin=0.9)
    if not place:
        return
    turn = shop.rng.choice([90.0, -90.0]) if turned else shop.rng.choice([0.0, 180.0])
    panel = fitting.front if shop.chance(0.6) else finishes.painted(pick(shop, (*WALLS[4], *WALLS[2])), shop.seed())
    plan.add(
        [
            body.placed(*place, 0, float(turn))
            for body in kitchen.island(shop, fitting, panel, length=length, depth=depth)
        ]
    )
    plan.focus.append((*place, 0.9))
    plan.counters.append(
        (place[0] - size[0] / 2, place[1] - size[1] / 2, place[0] + size[0] / 2, place[1] + size[1] / 2)
    )
    disorder.scatter(plan, place, (0.6 * size[0], 0.6 * size[1]), BASE_HEIGHT + 0.045, most=3)
    angle = np.radians(float(turn))
    for number in range(int(shop.rng.integers(0, 5))):
        dx, dy = (number - 1.5) * length / 4, depth / 2 + shop.between(0.0, 0.25)
        x = place[0] + float(np.cos(angle) * dx - np.sin(angle) * dy)
        y = place[1] + float(np.sin(angle) * dx + np.cos(angle) * dy)
        plan.add(
            seating.stool(shop, plan.taste.other_cloth, plan.taste.metal, height=0.66).placed(x, y, 0, float(turn))
        )
