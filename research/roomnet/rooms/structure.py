"""Gives an empty room what is built: ceiling, cladding, recesses, pilasters and boxes under the ceiling."""

from research.roomnet.furniture import finishes
from research.roomnet.rooms import surfaces
from research.roomnet.rooms.plan import Plan, footprint
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.shell import panelling, relief, roof, walls
from research.roomnet.shell.walls import Opening, Side


def clad(plan: Plan, room_type: str) -> None:
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


def ceiling(plan: Plan, slope: str) -> None:
    """A flat ceiling, one that slopes down to the side `slope` or a pitched one; beams or a cornice."""
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


def recesses(plan: Plan, side: Side, surface: Material) -> list[Opening]:
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


def pilasters(plan: Plan, side: Side, surface: Material) -> None:
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


def boxing(plan: Plan, slope: str) -> None:
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
