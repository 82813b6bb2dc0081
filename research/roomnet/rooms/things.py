"""Single things that chance puts into several kinds of rooms."""

import numpy as np

from research.roomnet.furniture import hung, lamps, plants, seating, storage, textiles
from research.roomnet.furniture.finishes import lampshade
from research.roomnet.rooms import daylight, disorder
from research.roomnet.rooms.plan import Plan, Spot
from research.roomnet.rooms.taste import pick
from research.roomnet.scene.scene import Body, Part


def rug(plan: Plan, x: float, y: float, width: float, length: float) -> None:
    """Under whatever stands there; cut to fit the room."""
    width, length = min(width, plan.width - 0.3), min(length, plan.depth - 0.3)
    x = min(max(x, width / 2 + 0.1), plan.width - width / 2 - 0.1)
    y = min(max(y, length / 2 + 0.1), plan.depth - length / 2 - 0.1)
    fringe = None
    plan.add(textiles.rug(plan.shop, plan.taste.pile(width, length), fringe, width=width, length=length).placed(x, y))


def floor_plant(plan: Plan) -> None:
    """In a corner or at a wall."""
    shop = plan.shop
    spot = plan.at_wall(0.55, 0.55, 1.0, margin=0.02)
    if spot:
        height = shop.between(0.7, 1.7)
        if shop.chance(0.65):
            plant = plants.bushy_plant(
                shop, plan.taste.green(), plan.taste.pottery(), height=height, leaves=int(shop.rng.integers(18, 40))
            )
        else:
            plant = plants.grassy_plant(
                shop, plan.taste.green(), plan.taste.pottery(), height=0.7 * height, pot_height=0.28
            )
        plan.add(spot.put(plant, out=0.28))


def floor_lamp(plan: Plan) -> None:
    """At a wall; lit every second time."""
    shop = plan.shop
    spot = plan.at_wall(0.42, 0.42, 1.5, margin=0.03)
    if spot:
        height = shop.between(1.4, 1.75)
        shade = lampshade(pick(shop, ("#e6d3ab", "#f0e8d8", "#d8d0c4", "#b98d5a", "#3a3a3c")), shop.seed())
        plan.add(spot.put(lamps.floor_lamp(shop, shade, plan.taste.metal, height=height), out=0.22))
        if shop.chance(0.5):
            x, y, _ = spot.side.point(spot.along, -0.22, 0)
            daylight.add_table_light(plan, x, y, height, shade_height=0.27, power=shop.between(25, 80))


def table_lamp(plan: Plan, x: float, y: float, z: float) -> None:
    """On a piece of furniture at (x, y) whose top is at z."""
    shop = plan.shop
    height = shop.between(0.36, 0.6)
    shade = lampshade(pick(shop, ("#e6d3ab", "#f0e8d8", "#d8d0c4", "#c9a26d")), shop.seed())
    foot = plan.taste.pottery() if shop.chance(0.6) else plan.taste.metal
    plan.add(lamps.table_lamp(shop, shade, foot, height=height).placed(x, y, z))
    if shop.chance(0.5):
        daylight.add_table_light(plan, x, y, z + height, shade_height=0.2, power=shop.between(15, 50))


def pictures(plan: Plan, *, most: int = 4) -> None:
    """Framed pictures and mirrors wherever a wall is bare; the wider a stretch, the wider the picture."""
    shop = plan.shop
    for _ in range(int(shop.rng.integers(0, most + 3))):
        width, height = shop.between(0.25, 1.3), shop.between(0.3, 0.9)
        spot = plan.hang(width + 0.1)
        if spot:
            plan.add(
                spot.put(picture(plan, width, height), up=min(shop.between(1.45, 1.7), plan.height - height / 2 - 0.15))
            )


def picture(plan: Plan, width: float, height: float) -> Body:
    """A picture, or a mirror one time out of six; about its own middle."""
    shop = plan.shop
    frames = (plan.taste.wood, plan.taste.other_wood, plan.taste.metal, plan.taste.trim)
    bar = shop.between(0.012, 0.06)
    frame = frames[int(shop.rng.integers(len(frames)))]
    if shop.chance(0.17):
        return hung.mirror(shop, frame, width=width, height=height, bar=bar)
    border = shop.between(0.03, 0.12) * min(width, height) / 0.5 if shop.chance(0.5) else 0.0
    return hung.picture(
        shop,
        plan.taste.image(),
        frame,
        width=width,
        height=height,
        border=min(border, 0.3 * min(width, height)),
        bar=bar,
    )


def bookcase(plan: Plan) -> None:
    """Filled with books and what else lands on shelves."""
    shop = plan.shop
    width, height, depth = shop.between(0.5, 1.3), shop.between(0.9, 2.15), shop.between(0.24, 0.36)
    spot = plan.at_wall(width, depth, height)
    if not spot:
        return
    count = max(2, round(height / 0.36))
    gap = (height - 0.08) / count
    levels = [0.06 + gap * number for number in range(1, count)]
    part = Part(label="bookcase" if height > 1.2 else "shelf", thing="shelf")
    plan.add(
        spot.put(storage.carcase(shop, plan.taste.wood, part, width=width, height=height, depth=depth, shelves=levels))
    )
    for level in (0.06, *levels):
        if shop.chance(0.75):
            fill = shop.between(0.3, 1.0)
            row = storage.books(shop, width=width - 0.06, height=min(gap - 0.04, 0.32), depth=depth - 0.06, fill=fill)
            if row.pieces:
                plan.add(spot.put(row, out=0.02, up=level + 0.023, shift=-width / 2 + 0.03))
        elif shop.chance(0.7):
            plan.add(
                spot.put(
                    disorder.small(plan, tallest=gap - 0.05),
                    out=depth / 2,
                    up=level + 0.023,
                    shift=shop.between(-0.3, 0.3) * width,
                )
            )


def sideboard(plan: Plan, *, thing: str = "cabinet") -> Spot | None:
    """A low chest with things on it and something hung above."""
    shop = plan.shop
    width, height = shop.between(0.8, 1.9), shop.between(0.5, 0.95)
    spot = plan.at_wall(width, 0.45, height, clear=0.4)
    if not spot:
        return None
    label = "chest of drawers" if thing == "dresser" else "cabinet"
    rows, columns = (
        (int(shop.rng.integers(2, 5)), int(shop.rng.integers(1, 3)))
        if thing == "dresser"
        else (1, int(shop.rng.integers(2, 5)))
    )
    plan.add(
        spot.put(
            storage.chest(
                shop,
                plan.taste.wood,
                plan.taste.metal,
                width=width,
                height=height,
                rows=rows,
                columns=columns,
                part=Part(label=label, thing=thing),
            )
        )
    )
    x, y, _ = spot.side.point(spot.along, -0.23, 0)
    disorder.scatter(plan, (x, y), (0.3, 0.3), height, most=2)
    if shop.chance(0.3):
        lamp_x, lamp_y, _ = spot.side.point(spot.along + 0.35 * width, -0.23, 0)
        table_lamp(plan, lamp_x, lamp_y, height)
    hang_above(plan, spot, width, lowest=height + 0.25)
    return spot


def hang_above(plan: Plan, spot: Spot, width: float, *, lowest: float) -> None:
    """A picture or a mirror over a piece of furniture, if the wall is free."""
    shop = plan.shop
    name = spot.side.name
    wide, high = width * shop.between(0.4, 0.8), shop.between(0.4, 0.8)
    if name in plan.low_sides or lowest + high > plan.height - 0.1:
        return
    taken = plan.hung.get(name, [])
    own = [span for span in taken if abs((span[0] + span[1]) / 2 - spot.along) < 0.01]
    plan.hung[name] = [span for span in taken if span not in own]
    if shop.chance(0.6) and plan.hang_at(name, spot.along, wide):
        plan.add(spot.put(picture(plan, wide, high), up=lowest + high / 2))
    plan.hung[name] = plan.hung.get(name, []) + own


def seat(plan: Plan, x: float, y: float, turn: float) -> None:
    """One easy chair of a random make."""
    shop, taste = plan.shop, plan.taste
    make = shop.rng.random()
    cover = taste.cloth if shop.chance(0.5) else taste.other_cloth
    if make < 0.6:
        body = seating.armchair(shop, cover, taste.other_wood, width=shop.between(0.74, 0.95))
    else:
        body = seating.wing_chair(shop, cover, taste.other_wood)
    plan.add(body.placed(x, y, 0, turn))


def stray_cushion(plan: Plan, x: float, y: float, z: float, turn: float) -> None:
    """Leaning on a back at (x, y), seat at z."""
    shop = plan.shop
    cushion = seating.scatter_cushion(
        shop, plan.taste.accent(), size=shop.between(0.36, 0.5), lean=shop.between(58, 76)
    )
    plan.add(cushion.placed(x, y, z, turn + shop.between(-15, 15)))


def easy_chair(plan: Plan) -> None:
    """Wherever there is room for one."""
    place = plan.anywhere(0.9, 0.9)
    if place:
        middle_x, middle_y = plan.width / 2 - place[0], plan.depth / 2 - place[1]
        towards = float(np.degrees(np.arctan2(middle_x, -middle_y)))
        seat(plan, *place, towards + plan.shop.between(-40, 40))
