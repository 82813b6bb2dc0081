"""Bathroom fittings; backs at y = 0."""

import numpy as np

from research.roomnet.furniture.finishes import CHROME, PORCELAIN
from research.roomnet.furniture.storage import drawer_fronts
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop

SHOWER_GLASS = Material(colour=(0.85, 0.9, 0.88), roughness=0.03, specular=0.04, clear=0.88, detail=(0.0, 0.0))


def toilet(shop: Workshop) -> Body:
    """With a cistern and a closed lid."""
    body = Body(part=Part(label="toilet", thing="toilet"))
    body.add(
        PORCELAIN,
        shop.box((0.38, 0.17, 0.38), (0, -0.1, 0.4), radius=0.03),
        shop.box((0.4, 0.19, 0.03), (0, -0.105, 0.78), radius=0.012),
    )
    bowl = shop.lathe([(0.12, 0), (0.13, 0.02), (0.12, 0.16), (0.17, 0.3), (0.19, 0.39), (0.19, 0.4), (0.0, 0.4)])
    lid = shop.lathe([(0.0, 0.0), (0.195, 0.0), (0.2, 0.015), (0.19, 0.035), (0.0, 0.04)])
    body.add(PORCELAIN, bowl.scaled(1.0, 1.3, 1.0).moved(y=-0.43), lid.scaled(1.0, 1.3, 1.0).moved(y=-0.43, z=0.405))
    body.add(PORCELAIN, shop.box((0.24, 0.3, 0.38), (0, -0.2, 0.0), radius=0.04))
    return body.add(CHROME, shop.cylinder(0.022, 0.012).moved(0, -0.1, 0.81))


def bathtub(shop: Workshop, *, length: float = 1.7, width: float = 0.75, height: float = 0.56) -> Body:
    """Built in along x: an apron and a hollow tub."""
    body = Body(part=Part(label="bathtub", thing="bathtub"))
    rim, deep = 0.075, 0.4
    body.add(PORCELAIN, shop.box((length, 0.03, height), (0, -width + 0.015, 0), radius=0.012))
    for y, wide in ((-rim / 2, rim), (-width + rim / 2, rim)):
        body.add(PORCELAIN, shop.box((length, wide, 0.04), (0, y, height - 0.04), radius=0.018))
    for side in (-1, 1):
        body.add(
            PORCELAIN,
            shop.box((rim, width, 0.04), (side * (length - rim) / 2, -width / 2, height - 0.04), radius=0.018),
        )
        body.add(PORCELAIN, shop.box((0.03, width, height), (side * (length / 2 - 0.015), -width / 2, 0)))
    left, right, back, front = -length / 2 + rim, length / 2 - rim, -rim, -width + rim
    inset, low = 0.12, height - deep
    corners = [(left, front), (right, front), (right, back), (left, back)]
    floor = [
        (left + inset, front + 0.06),
        (right - inset, front + 0.06),
        (right - inset, back - 0.06),
        (left + inset, back - 0.06),
    ]
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(
        corners, corners[1:] + corners[:1], floor[1:] + floor[:1], floor, strict=True
    ):
        body.add(PORCELAIN, _quad((ax, ay, height - 0.01), (bx, by, height - 0.01), (cx, cy, low), (dx, dy, low)))
    body.add(
        PORCELAIN,
        rectangle(
            (floor[0][0], floor[0][1], low), (floor[1][0] - floor[0][0], 0, 0), (0, floor[2][1] - floor[1][1], 0)
        ),
    )
    tap = [(0.0, 0.0, 0.0), (0.0, -0.08, 0.02), (0.0, -0.14, 0.0)]
    return body.add(CHROME, shop.tube(tap, 0.016).moved(left + 0.25, 0, height + 0.16))


def standing_tub(shop: Workshop, shell: Material, *, length: float = 1.6, width: float = 0.75) -> Body:
    """Free-standing and oval, its middle at the origin; hollow, with a rolled rim."""
    outside = [(0.0, 0.02), (0.3, 0.02), (0.38, 0.06), (0.44, 0.3), (0.5, 0.58), (0.51, 0.6), (0.49, 0.61)]
    inside = [(0.46, 0.58), (0.41, 0.32), (0.35, 0.18), (0.0, 0.15)]
    body = Body(part=Part(label="bathtub", thing="bathtub"))
    body.add(PORCELAIN, shop.lathe([outside[-1], *inside]).scaled(length, width, 1.0))
    body.add(shell, shop.lathe(outside).scaled(length, width, 1.0))
    tap = [(0.0, 0.0, 0.0), (0.0, 0.0, 0.95), (-0.1, 0.0, 1.02), (-0.2, 0.0, 0.94)]
    return body.add(CHROME, shop.tube(tap, 0.018).moved(length / 2 + 0.06, 0, 0))


def shower(
    shop: Workshop,
    tray: Material,
    *,
    width: float = 0.95,
    depth: float = 0.95,
    height: float = 1.95,
    pane: Material = SHOWER_GLASS,
    metal: Material = CHROME,
) -> list[Body]:
    """In a corner, walls at y = 0 and x = 0: tray, two glass screens with metal edges, a riser with its head."""
    body = Body(part=Part(label="shower", thing="shower"))
    body.add(tray, shop.box((width, depth, 0.06), (width / 2, -depth / 2, 0), radius=0.012))
    glass = Body(part=Part(label="shower", thing="shower"))
    glass.add(pane, rectangle((0, -depth, 0.06), (width, 0, 0), (0, 0, height)))
    glass.add(pane, rectangle((width, -depth, 0.06), (0, depth, 0), (0, 0, height)))
    posts = [(width, -depth), (0.01, -depth), (width, -0.01), (0.52 * width, -depth)]
    glass.add(metal, *(shop.box((0.022, 0.022, height), (x, y, 0.06)) for x, y in posts))
    rails = [
        shop.box((width, 0.025, 0.03), (width / 2, -depth, 0.04 + height)),
        shop.box((0.025, depth, 0.03), (width, -depth / 2, 0.04 + height)),
    ]
    glass.add(metal, *rails, shop.box((0.02, 0.03, 0.3), (0.58 * width, -depth - 0.03, 1.0)))
    riser = [(0.0, -0.05, 1.0), (0.0, -0.05, 2.02), (0.0, -0.1, 2.08), (0.0, -0.3, 2.08)]
    fitting = Body(part=Part(label="shower", thing="shower"))
    fitting.add(metal, shop.tube(riser, 0.011).moved(width / 2), shop.cylinder(0.1, 0.015).moved(width / 2, -0.3, 2.05))
    fitting.add(metal, shop.box((0.26, 0.05, 0.05), (width / 2, -0.05, 1.0), radius=0.02))
    return [body, glass, fitting]


def pedestal_basin(shop: Workshop) -> Body:
    """A washbasin on its column, with a tap."""
    body = Body(part=Part(label="sink", thing="sink"))
    column = shop.lathe([(0.1, 0), (0.085, 0.1), (0.075, 0.45), (0.12, 0.7)])
    bowl = shop.lathe([(0.09, 0.66), (0.2, 0.74), (0.27, 0.83), (0.275, 0.85), (0.26, 0.855), (0.2, 0.78), (0.0, 0.74)])
    body.add(PORCELAIN, column.moved(y=-0.22), bowl.scaled(1.05, 0.85, 1).moved(y=-0.24))
    body.add(PORCELAIN, shop.box((0.5, 0.12, 0.06), (0, -0.06, 0.8), radius=0.02))
    return body.add(CHROME, *_tap(shop, 0.86))


def vanity(
    shop: Workshop, front: Material, top: Material, handle: Material, *, width: float = 0.9, basins: int = 1
) -> tuple[Body, Body]:
    """A cupboard with a stone top, and the basins on it."""
    body = Body(part=Part(label="cabinet", thing="cabinet"))
    body.add(front, shop.box((width, 0.48, 0.7), (0, -0.25, 0.1)), shop.box((width - 0.06, 0.4, 0.1), (0, -0.24, 0)))
    columns = 2 * basins
    body.pieces += drawer_fronts(
        shop, front, handle, width=width, bottom=0.11, top=0.8, rows=1, columns=columns, y=-0.49
    )
    body.add(top, shop.box((width + 0.03, 0.53, 0.03), (0, -0.265, 0.8), radius=0.006))
    sink = Body(part=Part(label="sink", thing="sink"))
    for number in range(basins):
        x = (number - (basins - 1) / 2) * width / basins
        bowl = shop.lathe([(0.12, 0.0), (0.18, 0.05), (0.21, 0.11), (0.2, 0.115), (0.15, 0.04), (0.0, 0.02)])
        sink.add(PORCELAIN, bowl.scaled(1.0, 0.8, 1).moved(x, -0.27, 0.83))
        sink.add(CHROME, *(mesh.moved(x=x) for mesh in _tap(shop, 0.83)))
    return body, sink


def towel(shop: Workshop, cloth: Material, *, width: float = 0.5, height: float = 0.7) -> list[Body]:
    """Over a rail at z = 0."""
    rail = Body(part=Part(label="towel"))
    rail.add(CHROME, shop.tube([(-width / 2 - 0.06, -0.06, 0), (width / 2 + 0.06, -0.06, 0)], 0.01))
    hung = shop.curtain(width, height, folds=3, depth=0.008).moved(y=-0.075, z=-height)
    return [
        rail.add(cloth, hung, shop.curtain(width, 0.6 * height, folds=3, depth=0.006).moved(y=-0.045, z=-0.6 * height))
    ]


def paper_roll(shop: Workshop, paper: Material) -> Body:
    """On a holder beside a toilet."""
    return Body(part=Part(label="towel")).add(paper, shop.cylinder(0.055, 0.1).turned(90, "y").moved(-0.05, -0.07, 0))


def _tap(shop: Workshop, z: float) -> list[Mesh]:
    spout = shop.tube([(0.0, -0.05, z), (0.0, -0.05, z + 0.13), (0.0, -0.09, z + 0.15), (0.0, -0.16, z + 0.12)], 0.013)
    return [spout, shop.box((0.02, 0.06, 0.014), (0, -0.05, z + 0.15))]


def _quad(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...], d: tuple[float, ...]) -> Mesh:
    points = np.array([a, b, c, d], np.float32)
    normal = np.cross(points[1] - points[0], points[3] - points[0])
    normal /= np.linalg.norm(normal)
    return Mesh(
        positions=points,
        normals=np.tile(normal, (4, 1)).astype(np.float32),
        uv=points[:, :2].copy(),
        triangles=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )
