"""Builds an empty room by chance: size, openings, floor, ceiling, what hangs at its windows."""

from typing import Final

from research.roomnet.furniture import finishes, textiles
from research.roomnet.rooms import daylight, surfaces
from research.roomnet.rooms.plan import Plan, footprint
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part, Scene
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell import doorway, openings, panelling, relief, roof, walls
from research.roomnet.shell.walls import Opening, Side

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
    _choose_openings(plan, room_type)
    accent = ("back", "left", "right")[int(shop.rng.integers(3))]
    for name, side in sides.items():
        holes = [*plan.windows.get(name, []), *plan.doors.get(name, [])]
        surface = taste.accent_wall if name == accent else taste.wall
        recesses = _recesses(plan, side, surface)
        plan.add(walls.wall(side, surface, openings=[*holes, *recesses]))
        _pilasters(plan, side, surface)
        if shop.chance(0.9) and room_type != "bathroom":
            plan.add(walls.skirting(shop, side, taste.trim, gaps=[*holes, *recesses], height=shop.between(0.05, 0.16)))
    _clad(plan, room_type)
    plan.add(walls.floor(taste.floor, width, depth, along_y=shop.chance(0.7)))
    _ceiling(plan, slope)
    _boxing(plan, slope)
    for name, holes in plan.windows.items():
        for hole in holes:
            _window(plan, sides[name], hole)
    _curtains_beside_a_wall(plan)
    for name, holes in plan.doors.items():
        for hole in holes:
            _door(plan, sides[name], hole)
    return plan


def _choose_slope(shop: Workshop, room_type: str) -> str:
    chance = 0.12 if room_type in {"bedroom", "kids_room", "office", "bathroom", "other"} else 0.04
    return ("left", "right", "back")[int(shop.rng.integers(3))] if shop.chance(chance) else ""


def _choose_openings(plan: Plan, room_type: str) -> None:
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


def _clad(plan: Plan, room_type: str) -> None:
    """Now and then the lower part of all walls in boards, panels or tiles."""
    shop, taste = plan.shop, plan.taste
    wet = room_type in surfaces.WET
    if not shop.chance(0.3 if wet else 0.12):
        return
    height = shop.between(0.9, 1.5) if wet else shop.between(0.7, 1.0)
    surface = surfaces.tiles(shop, low=0.08, high=0.4, glossy=True) if wet else taste.trim
    thick = 0.004 if wet else 0.012
    panel = 0.0 if wet or shop.chance(0.2) else shop.between(0.3, 0.8)
    for name, side in plan.sides.items():
        holes = [*plan.windows.get(name, []), *plan.doors.get(name, [])]
        plan.add(panelling.wainscot(shop, side, surface, height=height, gaps=holes, panel=panel, thick=thick))


def _ceiling(plan: Plan, slope: str) -> None:
    shop, width, depth, height = plan.shop, plan.width, plan.depth, plan.height
    if not slope and width > 2.6 and shop.chance(0.08):
        plan.rise = shop.between(0.4, 1.4)
        plan.add(roof.pitched(plan.taste.ceiling, plan.taste.wall, width, depth, height, rise=plan.rise))
        return
    plan.add(walls.ceiling(plan.taste.ceiling, width, depth, height))
    if slope:
        side = plan.sides[slope]
        knee, run = shop.between(0.9, 1.5), shop.between(1.0, 1.9)
        run = min(run, 0.6 * (width if slope != "back" else depth))
        start, edge = side.point(0, 0, knee), side.direction(side.length, 0, 0)
        rise = side.direction(0, -run, height - knee)
        plan.add(Body(part=Part(label="ceiling")).add(plan.taste.ceiling, rectangle(start, rise, edge)))
    if shop.chance(0.1):
        beam = finishes.wood(plan.taste.wood.colour, shop.seed()) if shop.chance(0.7) else plan.taste.trim
        bar, body = shop.between(0.1, 0.2), Body(part=Part(label="ceiling"))
        for number in range(1, int(depth / shop.between(0.6, 1.2))):
            y = number * depth / max(int(depth / 0.9), 1)
            if y < depth - 0.1:
                body.add(beam, shop.box((width, bar, bar), (width / 2, y, height - bar)))
        if body.pieces:
            plan.add(body)
    elif shop.chance(0.3):
        size = shop.between(0.05, 0.14)
        plan.add(
            [
                walls.cornice(shop, side, plan.taste.ceiling, size=size)
                for name, side in plan.sides.items()
                if name != slope
            ]
        )


def _window(plan: Plan, side: Side, hole: Opening) -> None:
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


def _recesses(plan: Plan, side: Side, surface: Material) -> list[Opening]:
    """Now and then one or two, empty or with boards, mostly above the furniture; takes that stretch of wall."""
    shop = plan.shop.aside()
    if side.name in plan.low_sides or not shop.chance(0.1):
        return []
    found = []
    for _ in range(1 if shop.chance(0.6) else 2):
        wide = shop.between(0.35, 1.4)
        if side.length < wide + 0.5:
            continue
        along = shop.between(wide / 2 + 0.15, side.length - wide / 2 - 0.15)
        if not plan.hang_at(side.name, along, wide):
            continue
        bottom = 0.0 if shop.chance(0.25) else shop.between(0.4, 1.2)
        top = min(bottom + shop.between(0.5, 1.8), plan.height - 0.15)
        hole = Opening(left=along - wide / 2, right=along + wide / 2, bottom=bottom, top=top)
        plan.add(relief.back(side, hole, surface if shop.chance(0.7) else plan.taste.accent_wall))
        if shop.chance(0.35):
            plan.add(relief.boards(shop, side, hole, plan.taste.wood, count=int(shop.rng.integers(1, 5))))
        found.append(hole)
    return found


def _pilasters(plan: Plan, side: Side, surface: Material) -> None:
    """Now and then one, a pair about a door or a window, or a corner boxed in; they take their piece of floor."""
    shop = plan.shop.aside()
    if side.name in plan.low_sides or not shop.chance(0.12):
        return
    width, out = shop.between(0.12, 0.5), shop.between(0.05, 0.35)
    holes = [*plan.windows.get(side.name, []), *plan.doors.get(side.name, [])]
    if holes and shop.chance(0.5):
        places = [holes[0].left - width / 2 - 0.13, holes[0].right + width / 2 + 0.13]
    else:
        places = [width / 2 if shop.chance(0.3) else shop.between(width / 2, side.length - width / 2)]
    material = surface if shop.chance(0.7) else plan.taste.trim
    capital = shop.between(0.015, 0.05) if shop.chance(0.4) else 0.0
    for along in places:
        blocked = any(hole.left < along + width / 2 and hole.right > along - width / 2 for hole in holes)
        inside = width / 2 <= along <= side.length - width / 2
        if inside and not blocked and plan.take(footprint(side, along, width, 0, out)):
            plan.hung.setdefault(side.name, []).append((along - width / 2, along + width / 2))
            plan.add(relief.pilaster(shop, side, material, along=along, width=width, out=out, capital=capital))


def _boxing(plan: Plan, slope: str) -> None:
    """Now and then a box under the ceiling along a wall, or a single beam across."""
    shop = plan.shop.aside()
    if slope or plan.rise or plan.height < 2.35:
        return
    if shop.chance(0.1):
        side = plan.sides[("back", "left", "right")[int(shop.rng.integers(3))]]
        highest = max((hole.top for hole in plan.windows.get(side.name, [])), default=2.05)
        drop = min(shop.between(0.2, 0.5), plan.height - highest - 0.12)
        if drop > 0.08:
            plan.add(relief.boxing(shop, side, plan.taste.wall, out=shop.between(0.25, 0.7), drop=drop))
    if shop.chance(0.06):
        material = plan.taste.ceiling if shop.chance(0.7) else plan.taste.wood
        y, deep = plan.depth * shop.between(0.4, 0.75), shop.between(0.12, 0.28)
        plan.add(relief.downstand(shop, material, width=plan.width, y=y, height=plan.height, deep=deep))


def _curtains_beside_a_wall(plan: Plan) -> None:
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


def _door(plan: Plan, side: Side, hole: Opening) -> None:
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
