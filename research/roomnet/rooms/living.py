"""Furnishes living rooms."""

from research.roomnet.furniture import hearth, hung, seating, storage, tables
from research.roomnet.rooms import disorder, things
from research.roomnet.rooms.plan import Plan, Spot, footprint
from research.roomnet.scene.material import Material, Texture
from research.roomnet.scene.scene import Body, Part

CUSHION_SEAT = 0.46


def furnish(plan: Plan) -> None:
    """Sofas about a coffee table, a screen or a fireplace across from them, and what stands along the walls."""
    shop = plan.shop
    spot = _sofa(plan)
    if spot:
        _group(plan, spot)
    if shop.chance(0.45):
        _sofa(plan)
    if shop.chance(0.22):
        _fireplace(plan)
    elif shop.chance(0.55):
        _television(plan)
    for maker, chance in (
        (things.bookcase, 0.5),
        (things.floor_plant, 0.55),
        (things.floor_lamp, 0.5),
        (things.floor_plant, 0.25),
    ):
        if shop.chance(chance):
            maker(plan)
    if shop.chance(0.45):
        things.sideboard(plan)
    if shop.chance(0.3):
        things.bookcase(plan)
    things.pictures(plan)


def furnish_softly(plan: Plan) -> None:
    """Without a straight front anywhere: padded seats, round tables on rugs, plants, lamps, cushions on the floor."""
    shop = plan.shop.aside()
    spot = _sofa(plan) if shop.chance(0.4) else None
    for _ in range(int(shop.rng.integers(1, 5))):
        things.easy_chair(plan)
    for _ in range(int(shop.rng.integers(1, 4))):
        place = plan.anywhere(0.9, 0.9)
        if place:
            things.rug(plan, *place, shop.between(1.0, 2.2), shop.between(1.0, 2.2))
            _centrepiece(plan, place)
    for maker, chance in ((things.floor_plant, 0.8), (things.floor_plant, 0.5), (things.floor_lamp, 0.7)):
        if shop.chance(chance):
            maker(plan)
    disorder.clutter(plan, shop.between(0.2, 0.8))
    if spot is None:
        plan.focus.append((plan.width / 2, plan.depth * 0.6, 0.6))
    things.pictures(plan)


def _centrepiece(plan: Plan, place: tuple[float, float]) -> None:
    """A round table or a large ottoman in the middle of a rug."""
    shop, taste = plan.shop.aside(), plan.taste
    if shop.chance(0.5):
        plan.add(seating.ottoman(shop, taste.accent()).placed(*place, 0.01, shop.between(0, 90)))
        return
    part, height = Part(label="coffee table", thing="coffee_table"), shop.between(0.34, 0.5)
    table = tables.round_table(shop, taste.wood, taste.metal, part, radius=shop.between(0.28, 0.45), height=height)
    plan.add(table.placed(*place, 0.01, 0.0))
    disorder.scatter(plan, place, (0.4, 0.4), height + 0.01)


def _sofa(plan: Plan) -> Spot | None:
    shop = plan.shop
    width, depth = shop.between(1.5, 2.5), shop.between(0.82, 1.0)
    spot = plan.at_wall(width, depth, 0.6, sides=["back", "left", "right"], clear=0.9)
    if not spot:
        return None
    seats = 3 if width > 1.9 else 2
    arm = shop.between(0.1, 0.26)
    sofa = seating.sofa(
        shop,
        plan.taste.cloth,
        plan.taste.other_wood,
        width=width,
        depth=depth,
        seats=seats,
        arm=arm,
        back_height=shop.between(0.72, 0.95),
    )
    _chaise(plan, spot, sofa, (width, depth), each=(width - 2 * arm) / seats)
    plan.add(spot.put(sofa))
    x, y, _ = spot.side.point(spot.along, -0.9, 0)
    plan.focus.append((x, y, 0.6))
    for _ in range(int(shop.rng.integers(0, 5))):
        shift = shop.between(-0.4, 0.4) * (width - 0.5)
        cx, cy, _ = spot.side.point(spot.along + shift, -0.42, 0)
        things.stray_cushion(plan, cx, cy, CUSHION_SEAT, spot.side.turn)
    if shop.chance(0.3 * plan.mess):
        x, y, _ = spot.side.point(spot.along + shop.between(-0.3, 0.3) * width, -0.55, 0)
        disorder.thrown(plan, x, y, CUSHION_SEAT)
    things.hang_above(plan, spot, width, lowest=shop.between(1.1, 1.3))
    return spot


def _chaise(plan: Plan, spot: Spot, sofa: Body, size: tuple[float, float], *, each: float) -> None:
    """Now and then an end of the sofa goes on into the room; other rooms stay as they would be without this."""
    shop, (width, depth) = plan.shop.aside(), size
    end, by = (-1 if shop.chance(0.5) else 1), shop.between(0.5, 0.8)
    middle = end * (width - each) / 2
    floor = footprint(spot.side, spot.along + middle, each, depth, depth + by)
    if shop.chance(0.22) and plan.take(floor):
        taste = plan.taste
        seating.lengthened(shop, sofa, taste.cloth, taste.other_wood, middle=middle, width=each, depth=depth, by=by)


def _group(plan: Plan, spot: Spot) -> None:
    """Rug, coffee table and easy chairs in front of the sofa."""
    shop, taste, side = plan.shop, plan.taste, spot.side
    out = shop.between(1.35, 1.75)
    x, y, _ = side.point(spot.along, -out, 0)
    if shop.chance(0.62):
        wide, long = shop.between(1.5, 2.8), shop.between(1.2, 2.2)
        size = (wide, long) if side.turn == 0 else (long, wide)
        things.rug(plan, x, y, *size)
    if shop.chance(0.8):
        _coffee_table(plan, spot, out)
    for _ in range(int(shop.rng.integers(0, 3))):
        sign = 1 if shop.chance(0.5) else -1
        along, far = spot.along + sign * shop.between(1.0, 1.6), out + shop.between(-0.2, 0.8)
        if 0.45 < along < side.length - 0.45 and plan.take(footprint(side, along, 0.85, far - 0.42, far + 0.42)):
            ax, ay, _ = side.point(along, -far, 0)
            things.seat(plan, ax, ay, side.turn + sign * shop.between(-110, -50))
    if shop.chance(0.4):
        place = plan.anywhere(0.6, 0.6)
        if place:
            plan.add(seating.ottoman(shop, taste.accent()).placed(*place, 0, shop.between(0, 90)))


def _coffee_table(plan: Plan, spot: Spot, out: float) -> None:
    shop, taste, side = plan.shop, plan.taste, spot.side
    width, depth, height = shop.between(0.7, 1.3), shop.between(0.5, 0.75), shop.between(0.34, 0.48)
    if not plan.take(footprint(side, spot.along, width, out - depth / 2, out + depth / 2)):
        return
    part = Part(label="coffee table", thing="coffee_table")
    make = shop.rng.random()
    stone = Material(
        texture=Texture.STONE,
        seed=shop.seed(),
        colour=(0.75, 0.73, 0.7),
        second=(0.3, 0.3, 0.3),
        size=(0.5, 0.5),
        detail=(0.7, 0.1),
        roughness=0.2,
    )
    if make < 0.3:
        table = tables.round_table(
            shop, taste.wood if shop.chance(0.6) else stone, taste.metal, part, radius=depth * 0.7, height=height
        )
    elif make < 0.7:
        table = tables.coffee_table(shop, taste.wood, width=width, depth=depth, height=height)
    else:
        table = tables.legged_table(
            shop,
            stone if shop.chance(0.4) else taste.wood,
            taste.metal,
            part,
            width=width,
            depth=depth,
            height=height,
            leg=0.03,
            apron=0.0,
        )
    x, y, _ = side.point(spot.along, -out, 0)
    plan.add(table.placed(x, y, 0, side.turn + shop.between(-4, 4)))
    disorder.scatter(plan, (x, y), (depth, depth), height)


def _television(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    width, height = shop.between(1.0, 2.0), shop.between(0.35, 0.6)
    spot = plan.at_wall(width, 0.42, 1.3, clear=0.6)
    if not spot:
        return
    part = Part(label="cabinet", thing="cabinet")
    columns = int(shop.rng.integers(2, 4))
    plan.add(
        spot.put(
            storage.chest(
                shop,
                taste.wood,
                taste.metal,
                width=width,
                height=height,
                rows=1,
                columns=columns,
                part=part,
                depth=0.42,
            )
        )
    )
    screen = shop.between(0.7, min(1.4, width))
    plan.add(spot.put(hung.television(shop, width=screen), out=0.12, up=height + 0.12 + screen * 0.28))


def _fireplace(plan: Plan) -> None:
    shop, taste = plan.shop, plan.taste
    spot = plan.at_wall(1.5, 0.5, 2.0, sides=["back", "left", "right"], clear=0.8)
    if not spot:
        return
    brick = Material(
        texture=Texture.BRICK,
        seed=shop.seed(),
        colour=(0.3, 0.13, 0.08),
        second=(0.22, 0.09, 0.06),
        third=(0.45, 0.42, 0.38),
        size=(0.22, 0.075),
        bump=0.004,
    )
    surround = _surround(shop.rng.random(), taste.trim, brick, taste.accent_wall)
    breast = taste.accent_wall if shop.chance(0.5) else None
    plan.add(spot.put(*hearth.fireplace(shop, surround, taste.wood, breast=breast, height=plan.height)))
    high = min(shop.between(0.4, 0.8), plan.height - 1.4)
    if high > 0.3 and shop.chance(0.7):
        screen = shop.chance(0.3)
        above = (
            hung.television(shop, width=1.6 * high) if screen else things.picture(plan, shop.between(0.4, 1.0), high)
        )
        plan.add(spot.put(above, out=hearth.BREAST_DEPTH if breast else 0.0, up=1.2 + high / 2))
    for _ in range(int(shop.rng.integers(0, 5))):
        small = disorder.small(plan, tallest=0.25)
        plan.add(spot.put(small, out=0.3, up=1.11, shift=shop.between(-0.6, 0.6)))
    plan.focus.append((*spot.side.point(spot.along, -0.5, 0)[:2], 0.8))


def _surround(chance: float, trim: Material, brick: Material, wall: Material) -> Material:
    return trim if chance < 0.4 else brick if chance < 0.7 else wall
