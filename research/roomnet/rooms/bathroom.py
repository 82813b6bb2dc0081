"""Furnishes bathrooms."""

from dataclasses import replace

from research.roomnet.furniture import bathroom, finishes, hung, textiles
from research.roomnet.rooms import disorder, things
from research.roomnet.rooms.plan import Plan, Spot, footprint
from research.roomnet.rooms.taste import WALLS, WOODS, pick
from research.roomnet.scene.material import Material, Texture, srgb


def furnish(plan: Plan) -> None:
    """A basin under a mirror, a toilet, a tub or a shower, towels."""
    shop = plan.shop
    bathes = shop.rng.random()
    if bathes < 0.55 and not (shop.aside().chance(0.2) and _standing_tub(plan)):
        _tub(plan)
    if bathes > 0.45:
        _shower(plan)
    _basin(plan)
    if shop.chance(0.8):
        toilet = plan.at_wall(0.55, 0.72, 0.8, clear=0.3)
        if toilet:
            plan.add(toilet.put(bathroom.toilet(shop)))
            if shop.chance(0.6):
                paper = finishes.PAPER
                plan.add(toilet.put(bathroom.paper_roll(shop, paper), up=0.68, shift=0.38))
    for _ in range(int(shop.rng.integers(0, 3))):
        spot = plan.hang(0.6)
        if spot:
            plan.add(spot.put(*bathroom.towel(shop, _towelling(plan)), up=shop.between(1.2, 1.5)))
    if shop.chance(0.3):
        things.rug(plan, plan.width / 2, plan.depth / 2, shop.between(0.5, 0.9), shop.between(0.5, 0.9))
    if shop.chance(0.3):
        things.sideboard(plan)
    things.pictures(plan, most=2)


def _towelling(plan: Plan) -> Material:
    shop = plan.shop
    colour = pick(shop, ("#f0ece4", "#d8cbb5", "#8fa5b0", "#7a3030", "#4d5c45", "#e3c9c4", "#3d5060", "#c9a26d"))
    return Material(
        texture=Texture.PILE, seed=shop.seed(), colour=colour, second=colour, size=(0.004, 0.004), specular=0.0
    )


def _tub(plan: Plan) -> None:
    shop = plan.shop
    spot = plan.at_wall(1.72, 0.76, 0.6, margin=0.0, sides=["back", "left", "right"], clear=0.4)
    if not spot:
        return
    plan.add(spot.put(bathroom.bathtub(shop, length=1.7)))
    plan.focus.append((*spot.side.point(spot.along, -0.4, 0)[:2], 0.5))
    if shop.chance(0.45):  # a curtain for showering
        folds = int(shop.rng.integers(6, 14))
        width = shop.between(0.35, 1.5)
        colours = ("#f2efe8", "#d9e3e6", "#e8dcc8", "#c9d6c2")
        cloth = finishes.drapery(pick(shop, colours), shop.seed(), translucency=0.4)
        height = min(1.9, plan.height - 0.2)
        drape = textiles.drape(shop, cloth, width=width, height=height - 0.25, folds=folds, depth=0.035)
        side = 1 if shop.chance(0.5) else -1
        plan.add(spot.put(drape, out=0.8, up=0.25, shift=side * (0.84 - width / 2)))
        plan.add(spot.put(textiles.curtain_rod(shop, finishes.CHROME, width=1.72), out=0.8, up=height))


def _standing_tub(plan: Plan) -> bool:
    """Free-standing; false where there is no room for it."""
    shop = plan.shop.aside()
    length, width = shop.between(1.45, 1.75), shop.between(0.68, 0.8)
    spot = plan.at_wall(length + 0.3, width + 0.2, 0.6, sides=["back", "left", "right"], clear=0.2)
    if not spot:
        return False
    shell = finishes.PORCELAIN if shop.chance(0.75) else finishes.painted(pick(shop, WALLS[4]), shop.seed())
    plan.add(spot.put(bathroom.standing_tub(shop, shell, length=length, width=width), out=width / 2 + 0.1))
    plan.focus.append((*spot.side.point(spot.along, -0.5, 0)[:2], 0.5))
    return True


def _shower(plan: Plan) -> None:
    shop = plan.shop
    size = shop.between(0.8, 1.1)
    for name in ("back", "left", "right"):
        side = plan.sides[name]
        along = size / 2 + 0.005
        blocked = name in plan.low_sides or not plan.wall_free(name, along, size, 2.0)
        if blocked or not plan.take(footprint(side, along, size - 0.01, 0, size)):
            continue
        tray = finishes.PORCELAIN if shop.chance(0.6) else plan.taste.floor
        height = min(shop.between(1.85, 2.05), plan.height - 0.2)
        metal = plan.taste.metal if shop.chance(0.5) else finishes.CHROME
        frosted = replace(bathroom.SHOWER_GLASS, clear=shop.between(0.3, 0.75), translucency=0.4)
        pane = frosted if shop.chance(0.3) else bathroom.SHOWER_GLASS
        for body in bathroom.shower(shop, tray, width=size, depth=size, height=height, pane=pane, metal=metal):
            plan.add(side.place(body, 0.0))
        plan.hung.setdefault(name, []).append((0.0, size))
        plan.focus.append((*side.point(along, -size / 2, 0)[:2], 1.0))
        return


def _basin(plan: Plan) -> None:
    shop = plan.shop
    vanity = shop.chance(0.68)
    basins = 2 if shop.chance(0.3) else 1
    width = (shop.between(1.2, 1.7) if basins == 2 else shop.between(0.55, 1.1)) if vanity else 0.62
    spot = plan.at_wall(width, 0.55, 0.9, clear=0.4)
    if not spot:
        return
    if vanity:
        _vanity(plan, spot, width, basins)
    else:
        plan.add(spot.put(bathroom.pedestal_basin(shop)))
    plan.focus.append((*spot.side.point(spot.along, -0.3, 0)[:2], 1.0))
    aside = shop.aside()
    plate = vanity and aside.chance(0.4)  # from the splashback upwards, as wide as the vanity
    wide, low = width * shop.between(0.7, 1.0) if vanity else 0.5, 1.12
    if plate:
        wide, low = width, 0.95
    if spot.side.name not in plan.low_sides and plan.hang_at(spot.side.name, spot.along, wide):
        high = shop.between(0.6, 0.95)
        frame = plan.taste.metal if shop.chance(0.5) else plan.taste.wood
        bar = shop.between(0.008, 0.05)
        if plate:
            high, bar = min(aside.between(0.9, 1.15), plan.height - low - 0.1), 0.004
        plan.add(spot.put(hung.mirror(shop, frame, width=wide, height=high, bar=bar), up=low + high / 2))


def _vanity(plan: Plan, spot: Spot, width: float, basins: int) -> None:
    shop = plan.shop
    front = (
        finishes.wood(pick(shop, WOODS), shop.seed())
        if shop.chance(0.5)
        else finishes.painted(pick(shop, (*WALLS[0], *WALLS[2], *WALLS[4])), shop.seed())
    )
    top = Material(
        texture=Texture.STONE,
        seed=shop.seed(),
        colour=pick(shop, ("#e9e6e0", "#3a3836", "#b79f80")),
        second=srgb("#8f8b86"),
        third=srgb("#5d5a57"),
        size=(0.4, 0.4),
        detail=(shop.between(0, 0.7), shop.between(0, 0.5)),
        roughness=0.15,
        specular=0.045,
    )
    plan.add(spot.put(*bathroom.vanity(shop, front, top, plan.taste.metal, width=width, basins=basins)))
    for _ in range(int(shop.rng.integers(0, 4))):
        body = disorder.small(plan, tallest=0.22)
        plan.add(spot.put(body, out=shop.between(0.08, 0.2), up=0.83, shift=shop.between(-0.45, 0.45) * width))
