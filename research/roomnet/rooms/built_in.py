"""What is fitted to a room: cupboards and shelves from corner to corner, boards on walls, fans under ceilings."""

from research.roomnet.furniture import hung, lamps, storage
from research.roomnet.rooms import disorder
from research.roomnet.rooms.plan import Plan, Spot
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part


def cupboards(plan: Plan) -> None:
    """Panelled or plain fronts as high as the room and as wide as the wall allows."""
    shop, taste = plan.shop, plan.taste
    height = plan.height - (0.01 if shop.chance(0.5) else shop.between(0.05, 0.4))
    spot = None
    for width in (shop.between(2.4, 4.2), shop.between(1.6, 2.4), shop.between(0.9, 1.5)):
        spot = spot or plan.at_wall(width, 0.6, height, margin=0.0, sides=["back", "left", "right"], clear=0.3)
        if spot:
            front = (taste.wood, taste.other_wood, taste.trim)[int(shop.rng.integers(3))]
            doors = max(2, round(width / shop.between(0.4, 0.65)))
            body = storage.wardrobe(
                shop, front, taste.metal, width=width, height=height, doors=doors, panelled=shop.chance(0.6)
            )
            if shop.chance(0.12):  # sliding doors of looking glass
                panes = hung.mirror(shop, taste.metal, width=0.62 * width, height=height - 0.2, bar=0.02)
                plan.add(spot.put(panes, out=0.61, up=height / 2))
            label = "wardrobe" if shop.chance(0.5) else "cabinet"
            plan.add(spot.put(Body(part=Part(label=label, thing=label), pieces=body.pieces)))
            plan.focus.append((*spot.side.point(spot.along, -0.3, 0)[:2], 1.2))
            return


def shelves(plan: Plan) -> None:
    """Open shelves over a wide stretch of wall, crammed with books and whatever else."""
    shop, taste = plan.shop, plan.taste
    width, height, depth = shop.between(1.2, 2.8), min(shop.between(1.5, 2.6), plan.height - 0.02), 0.32
    spot = plan.at_wall(width, depth, height, margin=0.0, sides=["back", "left", "right"], clear=0.3)
    if not spot:
        return
    columns, rows = max(2, round(width / shop.between(0.45, 0.9))), max(3, round(height / shop.between(0.3, 0.45)))
    each, gap, low = width / columns, (height - 0.1) / rows, 0.06
    wood = taste.wood if shop.chance(0.6) else taste.trim
    levels = [low + gap * number for number in range(1, rows)]
    part = Part(label="bookcase", thing="shelf")
    for column in range(columns):
        shift = -width / 2 + each * (column + 0.5)
        body = storage.carcase(shop, wood, part, width=each, height=height, depth=depth, shelves=levels)
        plan.add(spot.put(body, shift=shift))
        for level in (low, *levels):
            _fill(plan, spot, shift=shift, level=level + 0.023, wide=each, gap=gap)
    plan.focus.append((*spot.side.point(spot.along, -0.3, 0)[:2], 1.2))


def _fill(plan: Plan, spot: Spot, *, shift: float, level: float, wide: float, gap: float) -> None:
    shop = plan.shop
    if shop.chance(0.6):
        row = storage.books(
            shop, width=wide - 0.06, height=min(gap - 0.04, 0.32), depth=0.26, fill=shop.between(0.4, 1.0)
        )
        if row.pieces:
            plan.add(spot.put(row, out=0.02, up=level, shift=shift - wide / 2 + 0.03))
        return
    for _ in range(int(shop.rng.integers(0, 3))):
        thing = disorder.small(plan, tallest=gap - 0.06)
        plan.add(spot.put(thing, out=0.16, up=level, shift=shift + shop.between(-0.3, 0.3) * wide))


def board(plan: Plan) -> None:
    """One or two boards on a wall with things on them."""
    shop = plan.shop
    width = shop.between(0.5, 1.4)
    spot = plan.hang(width)
    if not spot:
        return
    for up in (1.35, 1.75)[: int(shop.rng.integers(1, 3))]:
        body = Body(part=Part(label="shelf", thing="shelf"))
        plan.add(spot.put(body.add(plan.taste.wood, shop.box((width, 0.24, 0.03), (0, -0.12, 0))), up=up))
        for _ in range(int(shop.rng.integers(1, 6))):
            thing = disorder.small(plan, tallest=0.3)
            plan.add(spot.put(thing, out=0.13, up=up + 0.03, shift=shop.between(-0.42, 0.42) * width))


def fan(plan: Plan, x: float, y: float, top: float) -> None:
    """A ceiling fan under a ceiling of that height, perhaps with its lamp."""
    shop, taste = plan.shop, plan.taste
    blade = (taste.wood, taste.other_wood, taste.trim)[int(shop.rng.integers(3))]
    glass = Material(
        colour=(0.8, 0.79, 0.75), roughness=0.3, emission=(1.5, 1.3, 1.0) if shop.chance(0.4) else (0, 0, 0)
    )
    drop = min(shop.between(0.18, 0.45), top - 2.1)
    body = lamps.ceiling_fan(
        shop,
        blade,
        taste.metal,
        glass if shop.chance(0.7) else None,
        drop=drop,
        radius=shop.between(0.45, 0.7),
        blades=int(shop.rng.integers(3, 7)),
    )
    plan.add(body.placed(x, y, top, shop.between(0, 72)))
