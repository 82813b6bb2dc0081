"""Windows and doors; each fills an opening of a wall and is made in the wall's coordinates."""

from research.roomnet.furniture.finishes import PANE
from research.roomnet.scene.light import Light, LightKind
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell.walls import Opening, Side

DARKNESS = Material(colour=(0.02, 0.02, 0.02), specular=0.0, detail=(0.0, 0.0))
"""Behind doors; there is no other room."""


def window(
    shop: Workshop,
    side: Side,
    hole: Opening,
    frame: Material,
    *,
    sashes: int = 2,
    bars: tuple[int, int] = (0, 0),
    setback: float = 0.12,
    sill: Material | None = None,
    thickness: float = 0.05,
) -> Body:
    """Frame, `sashes` side by side with `bars` (upright, level) in each, panes, and a sill board inside."""
    body = Body(part=Part(label="windowpane", thing="window"))
    outer = 0.045
    meshes = _frame(shop, hole.left, hole.right, hole.bottom, hole.top, bar=outer, y=setback, deep=0.07)
    each = (hole.width - 2 * outer) / sashes
    for number in range(sashes):
        left = hole.left + outer + each * number
        low, high = hole.bottom + outer, hole.top - outer
        meshes += _frame(
            shop,
            left + 0.002,
            left + each - 0.002,
            low + 0.002,
            high - 0.002,
            bar=thickness,
            y=setback - 0.008,
            deep=0.055,
        )
        for bar in range(bars[0]):
            x = left + each * (bar + 1) / (bars[0] + 1)
            meshes.append(shop.box((0.022, 0.03, high - low), (x, setback + 0.012, low)))
        for bar in range(bars[1]):
            z = low + (high - low) * (bar + 1) / (bars[1] + 1)
            meshes.append(shop.box((each, 0.03, 0.022), (left + each / 2, setback + 0.012, z - 0.011)))
    body.add(frame, *meshes)
    body.add(PANE, rectangle((hole.left, setback + 0.012, hole.bottom), (hole.width, 0, 0), (0, 0, hole.height)))
    if sill:
        board = shop.box(
            (hole.width + 0.1, setback + 0.06, 0.03),
            (hole.middle, (setback - 0.06) / 2, hole.bottom - 0.018),
            radius=0.007,
        )
        body.add(sill, board)
    return side.place(body, 0)


def glazed_doors(
    shop: Workshop, side: Side, hole: Opening, frame: Material, metal: Material, *, bars: tuple[int, int], solid: float
) -> Body:
    """French doors: two leaves, panes down to `solid` metres above the floor, `bars` (upright, level) in each."""
    body = Body(part=Part(label="door", thing="door"))
    outer, stile, y = 0.05, 0.095, 0.08
    meshes = _frame(shop, hole.left, hole.right, hole.bottom, hole.top, bar=outer, y=y, deep=0.08)
    each, low, high = (hole.width - 2 * outer) / 2, hole.bottom + 0.01, hole.top - outer
    for number in range(2):
        left = hole.left + outer + each * number
        meshes += _frame(shop, left + 0.002, left + each - 0.002, low, high - 0.002, bar=stile, y=y - 0.01, deep=0.045)
        inner, base = each - 2 * stile, low + max(solid, stile)
        if solid > stile:
            meshes.append(shop.box((inner, 0.03, solid - stile), (left + each / 2, y, low + stile)))
        for bar in range(bars[0]):
            x = left + stile + inner * (bar + 1) / (bars[0] + 1)
            meshes.append(shop.box((0.022, 0.03, high - stile - base), (x, y + 0.002, base)))
        for bar in range(bars[1]):
            z = base + (high - stile - base) * (bar + 1) / (bars[1] + 1)
            meshes.append(shop.box((inner, 0.03, 0.022), (left + each / 2, y + 0.002, z)))
        x = hole.middle + (1 if number else -1) * 0.05
        body.add(metal, shop.box((0.02, 0.05, 0.13), (x, y - 0.06, 1.0), radius=0.006))
    body.add(frame, *meshes)
    return side.place(
        body.add(PANE, rectangle((hole.left, y, hole.bottom), (hole.width, 0, 0), (0, 0, hole.height))), 0
    )


def handle(shop: Workshop, side: Side, metal: Material, *, along: float, up: float, out: float) -> Body:
    """A window handle pointing down; part of the window."""
    body = Body(part=Part(label="windowpane"))
    body.add(
        metal,
        shop.box((0.024, 0.01, 0.07), (0, -0.005, -0.02), radius=0.004),
        shop.cylinder(0.008, 0.04).turned(90, "x"),
    )
    return side.place(body.add(metal, shop.box((0.016, 0.012, 0.11), (0, -0.042, -0.1), radius=0.005)), along, out, up)


def portal(side: Side, hole: Opening, *, level: float = 1.0, thickness: float = 0.25) -> Light:
    """Daylight through an opening."""
    return Light(
        kind=LightKind.PORTAL,
        corner=side.point(hole.left, thickness - 0.01, hole.bottom),
        edge_u=side.direction(hole.width, 0, 0),
        edge_v=side.direction(0, 0, hole.height),
        radiance=(level, level, level),
    )


def door(
    shop: Workshop,
    side: Side,
    hole: Opening,
    *,
    leaf: Material | None,
    casing: Material,
    metal: Material,
    panels: tuple[int, int] = (2, 3),
    ajar: float = 0.0,
    hinge_left: bool = True,
    leads_on: bool = False,
) -> Body:
    """A panelled leaf in its lining with architraves; `ajar` degrees open, away from the room.

    Without a leaf, or where `leads_on`, one looks into whatever is behind, else into the dark.
    """
    body = Body(part=Part(label="door", thing="door"))
    width, height, trim = hole.width, hole.height, 0.075
    for edge in (-1, 1):
        x = hole.middle + edge * (width / 2 + trim / 2 - 0.01)
        body.add(casing, shop.box((trim, 0.022, height + trim - 0.01), (x, -0.011, 0), radius=0.005))
        body.add(casing, shop.box((0.022, 0.16, height), (hole.middle + edge * (width / 2 - 0.011), 0.08, 0)))
    body.add(
        casing, shop.box((width + 2 * trim - 0.02, 0.024, trim), (hole.middle, -0.012, height - 0.01), radius=0.005)
    )
    body.add(casing, shop.box((width, 0.16, 0.022), (hole.middle, 0.08, height - 0.022)))
    if not leads_on:
        body.add(DARKNESS, rectangle((hole.left, 0.2, 0), (width, 0, 0), (0, 0, height)))
    if leaf is None:
        return side.place(body, 0)
    sign = 1 if hinge_left else -1
    pieces = _leaf(shop, leaf, metal, width=width - 0.05, height=height - 0.03, panels=panels, sign=sign)
    hinge = hole.left + 0.024 if hinge_left else hole.right - 0.024
    for mesh, what in pieces:
        body.add(what, mesh.moved(x=sign * (width - 0.05) / 2).turned(sign * ajar).moved(hinge, 0.03, 0.008))
    return side.place(body, 0)


def _leaf(
    shop: Workshop,
    leaf: Material,
    metal: Material,
    *,
    width: float,
    height: float,
    panels: tuple[int, int],
    sign: int,
) -> list[tuple[Mesh, Material]]:
    pieces = [(shop.box((width, 0.022, height), (0, 0.014, 0)), leaf)]
    columns, rows = panels
    stile, rail = 0.11, 0.14
    if columns and rows:
        uprights = [-width / 2 + stile / 2 + (width - stile) * number / columns for number in range(columns + 1)]
        levels = [(height - rail) * number / rows for number in range(rows + 1)]
        pieces += [(shop.box((stile, 0.016, height), (x, -0.002, 0), radius=0.005), leaf) for x in uprights]
        pieces += [(shop.box((width, 0.0155, rail), (0, -0.0015, z), radius=0.005), leaf) for z in levels]
    x = sign * (width / 2 - 0.06)
    pieces.append((shop.box((0.035, 0.008, 0.2), (x, -0.013, 0.93), radius=0.003), metal))
    pieces.append((shop.cylinder(0.009, 0.055).turned(90, "x").moved(x, -0.012, 1.03), metal))
    pieces.append((shop.box((0.12, 0.016, 0.02), (x - sign * 0.05, -0.065, 1.02), radius=0.007), metal))
    return pieces


def radiator(shop: Workshop, enamel: Material, *, width: float = 1.0, height: float = 0.55) -> Body:
    """A ribbed panel, its back at y = 0."""
    body = Body(part=Part(label="radiator"))
    count = int(width / (0.05 if shop.fine else 0.1))
    ribs = [
        shop.box(
            (0.8 * width / count, 0.075, height), (-width / 2 + width * (n + 0.5) / count, -0.075, 0.12), radius=0.016
        )
        for n in range(count)
    ]
    return body.add(
        enamel,
        *ribs,
        shop.box((width, 0.03, height - 0.1), (0, -0.07, 0.17)),
        shop.box((0.05, 0.07, 0.04), (-width / 3, -0.03, 0.5)),
    )


def _frame(
    shop: Workshop, left: float, right: float, bottom: float, top: float, *, bar: float, y: float, deep: float
) -> list[Mesh]:
    middle = (left + right) / 2
    return [
        shop.box((bar, deep, top - bottom), (left + bar / 2, y, bottom), radius=0.006),
        shop.box((bar, deep, top - bottom), (right - bar / 2, y, bottom), radius=0.006),
        shop.box((right - left - 2 * bar, deep, bar), (middle, y, bottom), radius=0.006),
        shop.box((right - left - 2 * bar, deep, bar), (middle, y, top - bar), radius=0.006),
    ]
