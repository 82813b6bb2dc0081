"""Furnishes bedrooms and children's rooms."""

from research.roomnet.furniture import beds, play, seating, storage, tables
from research.roomnet.furniture.finishes import cloth
from research.roomnet.rooms import disorder, things
from research.roomnet.rooms.plan import Plan, Spot, footprint
from research.roomnet.rooms.taste import CLOTHS, pick
from research.roomnet.scene.material import Material


def furnish(plan: Plan) -> None:
    """A double bed between nightstands, a wardrobe, a chest."""
    shop = plan.shop
    if shop.chance(0.6):
        things.rug(plan, plan.width / 2, plan.depth * 0.5, shop.between(1.4, 2.6), shop.between(1.2, 2.6))
    double = shop.chance(0.8)
    _bed(plan, width=shop.between(1.35, 2.0) if double else shop.between(0.9, 1.2))
    if not double and shop.chance(0.5):
        _bed(plan, width=shop.between(0.9, 1.2))
    if shop.chance(0.6):
        _wardrobe(plan)
    if shop.chance(0.55):
        things.sideboard(plan, thing="dresser")
    if shop.chance(0.25):
        things.easy_chair(plan)
    if shop.chance(0.25):
        _desk(plan)
    for maker, chance in ((things.floor_plant, 0.3), (things.floor_lamp, 0.2), (things.bookcase, 0.25)):
        if shop.chance(chance):
            maker(plan)
    things.pictures(plan, most=3)


def furnish_for_children(plan: Plan) -> None:
    """A narrow or a bunk bed, shelves, toys."""
    shop, taste = plan.shop, plan.taste
    if shop.chance(0.7):
        things.rug(plan, plan.width / 2, plan.depth * 0.5, shop.between(1.2, 2.0), shop.between(1.2, 2.2))
    if shop.chance(0.35):
        spot = plan.at_wall(2.1, 0.98, 1.75)
        if spot:
            covers = [play.lacquer(pick(shop, CLOTHS)), taste.accent()]
            plan.add(spot.put(beds.bunk(shop, taste.wood, _white(plan), covers)))
            plan.focus.append((*spot.side.point(spot.along, -0.8, 0)[:2], 0.9))
    else:
        _bed(plan, width=shop.between(0.85, 1.2))
    for maker, chance in ((things.bookcase, 0.7), (_wardrobe, 0.4), (_desk, 0.4)):
        if shop.chance(chance):
            maker(plan)
    chest = plan.at_wall(0.85, 0.45, 0.45) if shop.chance(0.5) else None
    if chest:
        colour = play.BRIGHT[int(shop.rng.integers(len(play.BRIGHT)))]
        plan.add(chest.put(play.toy_chest(shop, play.lacquer(colour) if shop.chance(0.5) else taste.wood)))
    for _ in range(int(shop.rng.integers(1, 6))):
        place = plan.anywhere(0.4, 0.4)
        if place:
            fur = cloth(pick(shop, ("#a87c4f", "#c9a57a", "#e8dfd0", "#7a5a3c")), shop.seed())
            makers = (play.blocks(shop), play.play_ball(shop), play.teddy(shop, fur))
            plan.add(makers[int(shop.rng.integers(3))].placed(*place, 0, shop.between(0, 360)))
    things.pictures(plan)


def _white(plan: Plan) -> Material:
    """Bed linen."""
    return cloth(pick(plan.shop, ("#f2efe9", "#eceae6", "#e4ddd0", "#dfe4e8")), plan.shop.seed(), melange=0.15)


def _bed(plan: Plan, *, width: float) -> Spot | None:
    shop, taste = plan.shop, plan.taste
    spot = plan.at_wall(width + 0.1, 2.15, 0.75, sides=["back", "left", "right"], clear=0.2) or plan.at_wall(
        width + 0.1, 2.15, 0.75
    )
    if not spot:
        return None
    sheet = _white(plan)
    cover = _white(plan) if shop.chance(0.42) else taste.accent() if shop.chance(0.5) else taste.other_cloth
    top = shop.between(0.46, 0.68)
    bed = beds.bed(
        shop,
        taste.wood,
        sheet,
        cover,
        width=width,
        top=top,
        headboard=shop.between(0.85, 1.35) if shop.chance(0.8) else 0.0,
        padded=shop.chance(0.35),
        drop=shop.between(0.12, 0.5) * 2 / width,
        footboard=shop.between(0.4, 0.7) if shop.chance(0.15) else 0.0,
    )
    plan.add(spot.put(bed))
    pillows = [sheet, taste.accent() if shop.chance(0.4) else sheet]
    plan.add(spot.put(*beds.bed_pillows(shop, pillows, width=width, top=top)))
    if shop.chance(0.3 * plan.mess):
        x, y, _ = spot.side.point(spot.along + shop.between(-0.3, 0.3) * width, -shop.between(1.0, 1.8), 0)
        disorder.thrown(plan, x, y, top + 0.06)
    for _ in range(int(shop.rng.integers(0, 6))):
        x, y, _ = spot.side.point(spot.along + shop.between(-0.35, 0.35) * width, -0.55, 0)
        things.stray_cushion(plan, x, y, top + 0.05, spot.side.turn)
    if shop.chance(0.3):
        plan.add(spot.put(beds.folded_blanket(shop, taste.accent(), width=width), out=1.75, up=top + 0.03))
    plan.focus.append((*spot.side.point(spot.along, -1.1, 0)[:2], 0.6))
    for sign in (-1, 1):
        _nightstand(plan, spot, spot.along + sign * (width / 2 + 0.32))
    things.hang_above(plan, spot, width, lowest=1.45)
    return spot


def _nightstand(plan: Plan, spot: Spot, along: float) -> None:
    shop = plan.shop
    if (
        not 0.25 < along < spot.side.length - 0.25
        or shop.chance(0.2)
        or not plan.take(footprint(spot.side, along, 0.46, 0, 0.4))
    ):
        return
    height = shop.between(0.42, 0.62)
    plan.add(spot.side.place(tables.nightstand(shop, plan.taste.wood, height=height), along, 0.21))
    x, y, _ = spot.side.point(along, -0.2, 0)
    if shop.chance(0.65):
        things.table_lamp(plan, x, y, height)
    elif shop.chance(0.5):
        plan.add(disorder.small(plan, tallest=0.25).placed(x, y, height))


def _wardrobe(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    width, height = shop.between(0.9, 2.6), min(shop.between(1.85, 2.4), plan.height - 0.05)
    spot = plan.at_wall(width, 0.62, height, clear=0.5)
    if spot:
        wood = taste.wood if shop.chance(0.6) else taste.trim
        plan.add(
            spot.put(
                storage.wardrobe(shop, wood, taste.metal, width=width, height=height, doors=max(2, round(width / 0.5)))
            )
        )


def _desk(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    width = shop.between(0.9, 1.4)
    spot = plan.at_wall(width, 0.66, 0.75, clear=0.5)
    if spot:
        plan.add(
            spot.put(tables.desk(shop, taste.wood, taste.other_wood, width=width, drawers=shop.chance(0.6)), out=0.33)
        )
        chair = seating.chair(shop, taste.other_wood, taste.other_cloth)
        plan.add(spot.put(chair, out=0.85, turn=180 + shop.between(-30, 30)))
        x, y, _ = spot.side.point(spot.along, -0.3, 0)
        disorder.scatter(plan, (x, y), (0.5, 0.3), 0.74)
