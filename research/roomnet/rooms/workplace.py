"""Furnishes home offices and hallways, and rooms of no particular use."""

from research.roomnet.furniture import desktop, hung, seating, tables, textiles
from research.roomnet.rooms import dining, disorder, things
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.scene import Body, Part


def furnish_office(plan: Plan) -> None:
    """One or two desks with screens, shelves."""
    shop = plan.shop
    if shop.chance(0.35):
        things.rug(plan, plan.width / 2, plan.depth / 2, shop.between(1.2, 2.2), shop.between(1.2, 2.4))
    for _ in range(2 if shop.chance(0.25) else 1):
        _desk(plan)
    if shop.chance(0.18):  # to meet at
        dining.group(plan, most=8)
    for maker, chance in (
        (things.bookcase, 0.7),
        (things.bookcase, 0.4),
        (things.floor_plant, 0.5),
        (things.sideboard, 0.4),
        (things.floor_lamp, 0.3),
    ):
        if shop.chance(chance):
            maker(plan)
    if shop.chance(0.2):
        things.easy_chair(plan)
    things.pictures(plan)


def _desk(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    width = shop.between(1.1, 1.9)
    spot = plan.at_wall(width, 0.68, 0.75, clear=0.7)
    if not spot:
        return
    plan.add(
        spot.put(
            tables.desk(
                shop,
                taste.wood,
                taste.other_wood if shop.chance(0.5) else taste.metal,
                width=width,
                drawers=shop.chance(0.55),
            ),
            out=0.34,
        )
    )
    plan.focus.append((*spot.side.point(spot.along, -0.4, 0)[:2], 0.9))
    if shop.chance(0.75):
        count = 2 if width > 1.4 and shop.chance(0.4) else 1
        for number in range(count):
            shift = (number - (count - 1) / 2) * 0.62
            plan.add(
                spot.put(
                    desktop.monitor(shop, width=shop.between(0.48, 0.7)),
                    out=0.2,
                    up=0.74,
                    shift=shift,
                    turn=-12.0 * shift,
                )
            )
        plan.add(spot.put(desktop.keyboard(shop), out=0.5, up=0.74))
    else:
        plan.add(spot.put(desktop.laptop(shop), out=0.42, up=0.74))
    if shop.chance(0.6):
        plan.add(spot.put(desktop.papers(shop), out=0.45, up=0.742, shift=-0.35 * width))
    if shop.chance(0.4):
        x, y, _ = spot.side.point(spot.along + 0.4 * width, -0.18, 0)
        things.table_lamp(plan, x, y, 0.74)
    chair = (
        seating.swivel_chair(shop, taste.other_cloth, taste.metal)
        if shop.chance(0.7)
        else seating.chair(shop, taste.other_wood, taste.other_cloth)
    )
    plan.add(
        spot.put(chair, out=shop.between(0.85, 1.1), shift=shop.between(-0.2, 0.2), turn=180 + shop.between(-50, 50))
    )
    things.hang_above(plan, spot, width, lowest=1.4)


def furnish_hallway(plan: Plan) -> None:
    """A runner, coats, a mirror, a bench or a narrow table."""
    shop = plan.shop
    if shop.chance(0.5):
        things.rug(plan, plan.width / 2, plan.depth / 2, shop.between(0.6, 0.9), shop.between(1.6, 3.4))
    if shop.chance(0.5):
        _coats(plan)
    if shop.chance(0.5):
        _console(plan)
    if shop.chance(0.35):
        bench = plan.at_wall(1.0, 0.36, 0.45)
        if bench:
            plan.add(bench.put(seating.bench(shop, plan.taste.wood, width=0.95), out=0.18))
    if shop.chance(0.3):
        things.floor_plant(plan)
    things.pictures(plan, most=5)


def furnish_other(plan: Plan) -> None:
    """A little of anything."""
    shop = plan.shop
    makers = (things.bookcase, things.floor_plant, things.floor_lamp, _console, things.bookcase)
    for maker in makers:
        if shop.chance(0.35):
            maker(plan)
    if shop.chance(0.4):
        things.sideboard(plan)
    if shop.chance(0.4):
        things.easy_chair(plan)
    if shop.chance(0.3):
        things.rug(plan, plan.width / 2, plan.depth / 2, shop.between(1.2, 2.6), shop.between(1.2, 2.6))
    things.pictures(plan)


def _console(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    width = shop.between(0.8, 1.3)
    spot = plan.at_wall(width, 0.36, 0.85)
    if not spot:
        return
    part = Part(label="table", thing="table")
    plan.add(
        spot.put(
            tables.legged_table(
                shop,
                taste.wood,
                taste.metal,
                part,
                width=width,
                depth=0.34,
                height=0.82,
                leg=0.035,
                inset=0.0,
                apron=0.03,
            ),
            out=0.19,
        )
    )
    x, y, _ = spot.side.point(spot.along, -0.19, 0)
    disorder.scatter(plan, (x, y), (0.3, 0.2), 0.82, most=2)
    if plan.hang_at(spot.side.name, spot.along, 0.6):
        plan.add(spot.put(hung.mirror(shop, taste.wood, width=0.5, height=0.8), up=1.6))


def _coats(plan: Plan) -> None:
    shop = plan.shop
    spot = plan.hang(1.0)
    if not spot:
        return
    rail = Body(part=Part(label="apparel"))
    rail.add(plan.taste.wood, shop.box((0.95, 0.025, 0.1), (0, -0.013, 0), radius=0.004))
    plan.add(spot.put(rail, up=1.62))
    for number in range(int(shop.rng.integers(1, 6))):
        cloth = plan.taste.accent()
        coat = textiles.drape(
            shop, cloth, width=shop.between(0.28, 0.42), height=shop.between(0.6, 1.15), folds=3, depth=0.05
        )
        height = 0.95
        coat = Body(part=Part(label="apparel"), pieces=coat.pieces)
        plan.add(spot.put(coat, out=0.11, up=1.65 - height, shift=-0.36 + 0.18 * number))
