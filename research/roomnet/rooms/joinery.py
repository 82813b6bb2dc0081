"""Fills the holes in the walls with windows and doors, and hangs curtains and blinds."""

from research.roomnet.furniture import finishes, textiles
from research.roomnet.rooms.plan import Plan, footprint
from research.roomnet.scene.material import Material
from research.roomnet.shell import doorway, openings
from research.roomnet.shell.walls import Opening, Side


def window(plan: Plan, side: Side, hole: Opening) -> None:
    """Frame, panes and light of a window, or glazed doors; now and then a radiator, a blind, curtains."""
    shop, taste = plan.shop, plan.taste
    frame = taste.wood if shop.chance(0.15) else finishes.BLACK_METAL if shop.chance(0.08) else taste.trim
    bars = (int(shop.rng.integers(0, 3)), int(shop.rng.integers(0, 3))) if shop.chance(0.35) else (0, 0)
    sashes = max(1, round(hole.width / shop.between(0.6, 1.3)))
    sill = taste.trim if hole.bottom > 0.2 and shop.chance(0.8) else None
    setback, aside = shop.between(0.05, 0.16), shop.aside()
    if aside.chance(0.35):  # small panes, as in old houses and in new ones that would be old
        bars = (int(aside.rng.integers(1, 4)), int(aside.rng.integers(1, 6)))
    if hole.bottom < 0.1 and hole.width > 1.0 and aside.chance(0.6):
        solid = aside.between(0.2, 0.8) if aside.chance(0.4) else 0.0
        plan.add(openings.glazed_doors(shop, side, hole, frame, taste.metal, bars=bars, solid=solid))
    else:
        plan.add(openings.window(shop, side, hole, frame, sashes=sashes, bars=bars, sill=sill, setback=setback))
    plan.scene.lights.append(openings.portal(side, hole, level=1.0 / plan.scene.sky.glare))
    if shop.chance(0.3) and hole.bottom > 0.45:
        radiator = openings.radiator(shop, taste.trim, width=min(hole.width, 1.2), height=min(0.55, hole.bottom - 0.18))
        plan.add(side.place(radiator, hole.middle, 0.03))
    dressed = shop.rng.random()
    if dressed < 0.17:
        drop = hole.height * shop.between(0.15, 1.0)
        plan.add(
            side.place(
                textiles.roller_blind(shop, taste.curtain, width=hole.width - 0.04, drop=drop),
                hole.middle,
                -0.03,
                hole.top,
            )
        )
    elif dressed < 0.3:
        slat = taste.wood if shop.chance(0.2) else finishes.WHITE_PAINT
        blind = textiles.slatted_blind(
            shop, slat, width=hole.width - 0.04, drop=hole.height * shop.between(0.4, 1.0), tilt=shop.between(-70, 70)
        )
        plan.add(side.place(blind, hole.middle, -0.025, hole.top))
    if 0.22 < dressed < 0.78:
        _curtains(plan, side, hole, taste.curtain)


def curtains_beside_a_wall(plan: Plan) -> None:
    """Now and then curtains with no window between them: what hangs between drapes need not be a pane."""
    shop = plan.shop.aside()
    if not shop.chance(0.06):
        return
    spot = plan.hang(shop.between(1.2, 2.4))
    if spot is None:
        return
    low, high = 0.02, plan.height - shop.between(0.06, 0.3)
    width = shop.between(0.25, 0.5)
    reach = shop.between(0.4, 0.9)
    for along in (spot.along - reach, spot.along + reach):
        if along - width / 2 > 0.02 and along + width / 2 < spot.side.length - 0.02:
            drape = textiles.drape(
                shop, plan.taste.curtain, width=width, height=high - low, folds=max(3, round(width / 0.09)), depth=0.045
            )
            plan.add(spot.side.place(drape, along, 0.1, low))


def _curtains(plan: Plan, side: Side, hole: Opening, cloth: Material) -> None:
    """Drawn aside, half closed or closed; sometimes a net behind."""
    shop = plan.shop
    out, rod = shop.between(0.09, 0.16), min(hole.top + shop.between(0.06, 0.3), side.height - 0.04)
    to_floor = hole.bottom < 0.3 or shop.chance(0.6)
    bottom = 0.02 if to_floor else hole.bottom - 0.12
    if to_floor and not all(
        plan.free((x - 0.1, y - 0.1, x + 0.1, y + 0.1)) for x, y, _ in [side.point(hole.left, -0.2, 0)]
    ):
        bottom = hole.bottom - 0.12
    closed = 0.48 if shop.chance(0.16) else shop.between(0.1, 0.3)
    width = (hole.width + 0.3) * closed
    folds = max(3, round(width / 0.09))
    left, right = hole.left - 0.12 + width / 2 - 0.05, hole.right + 0.12 - width / 2 + 0.05
    ends = (left, right) if shop.chance(0.85) else (left,)
    for along in ends:
        if along - width / 2 > 0.02 and along + width / 2 < side.length - 0.02:
            drape = textiles.drape(
                shop, cloth, width=width, height=rod - bottom, folds=folds, depth=min(0.05, 0.45 * out)
            )
            plan.add(side.place(drape, along, out, bottom))
    if shop.chance(0.7):
        plan.add(
            side.place(
                textiles.curtain_rod(shop, plan.taste.metal, width=min(hole.width + 0.5, side.length)),
                hole.middle,
                out,
                rod + 0.02,
            )
        )
    if shop.chance(0.2):
        net = finishes.drapery((0.8, 0.8, 0.78), shop.seed(), translucency=0.5, clear=shop.between(0.3, 0.45))
        sheer = textiles.drape(
            shop, net, width=hole.width + 0.1, height=hole.height + 0.1, folds=int(hole.width / 0.12) + 3, depth=0.02
        )
        plan.add(side.place(sheer, hole.middle, 0.045, hole.bottom - 0.05))


def door(plan: Plan, side: Side, hole: Opening) -> None:
    """A door, shut or ajar, or an open doorway into another room."""
    shop, taste = plan.shop, plan.taste
    panels = ((0, 0), (1, 2), (2, 2), (2, 3), (1, 1), (1, 3))[int(shop.rng.integers(6))]
    casing = taste.trim if shop.chance(0.7) else taste.door
    leads_on = shop.chance(0.35) and side.name not in plan.windows
    if leads_on:
        wall, ground = taste.wall if shop.chance(0.5) else taste.accent_wall, taste.floor
        plan.add(doorway.beyond(shop, side, hole, wall=wall, ground=ground, ceiling=taste.ceiling, wood=taste.wood))
        plan.scene.lights.append(doorway.light(shop, side, hole))
    leaf = openings.door(
        shop,
        side,
        hole,
        leaf=None if leads_on and shop.chance(0.5) else taste.door,
        ajar=shop.between(20, 100) if leads_on else 0.0,
        leads_on=leads_on,
        casing=casing,
        metal=taste.metal,
        panels=panels,
        hinge_left=shop.chance(0.5),
    )
    plan.add(leaf)
    plan.occupied.append(footprint(side, hole.middle, hole.width, 0, 0.75))  # nothing may stand in the way
