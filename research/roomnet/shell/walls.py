"""Walls and what runs along them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from research.roomnet.scene.light import Point
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A hole in a wall, metres along and above its foot."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        """Along the wall."""
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        """Along the wall."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From bottom to top."""
        return self.top - self.bottom


@dataclass(frozen=True, kw_only=True)
class Side:
    """A wall's place: x runs along its foot, the room lies towards −y, the wall's thickness behind y = 0."""

    name: str
    x: float
    y: float
    turn: float
    """Degrees, counter-clockwise."""

    length: float
    height: float

    def place(self, body: Body, along: float, out: float = 0.0, up: float = 0.0, turn: float = 0.0) -> Body:
        """Puts a body that faces −y at the wall, `out` metres in front of it."""
        x, y, z = self.point(along, -out, up)
        return body.placed(x, y, z, self.turn + turn)

    def point(self, along: float, y: float, up: float) -> Point:
        """Room coordinates of a point given in the wall's."""
        angle = np.radians(self.turn)
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        return self.x + cosine * along - sine * y, self.y + sine * along + cosine * y, up

    def direction(self, along: float, y: float, up: float) -> Point:
        """Room coordinates of a vector given in the wall's."""
        x0, y0, _ = self.point(0, 0, 0)
        x1, y1, _ = self.point(along, y, 0)
        return x1 - x0, y1 - y0, up


def four_sides(width: float, depth: float, height: float) -> dict[str, Side]:
    """Walls of a room 0..width × 0..depth: `back` at the far end of y, `left` at x = 0, `right`, `front` at y = 0."""
    sides = (
        Side(name="back", x=0, y=depth, turn=0, length=width, height=height),
        Side(name="left", x=0, y=0, turn=90, length=depth, height=height),
        Side(name="right", x=width, y=depth, turn=-90, length=depth, height=height),
        Side(name="front", x=width, y=0, turn=180, length=width, height=height),
    )
    return {side.name: side for side in sides}


def wall(side: Side, surface: Material, *, openings: Sequence[Opening] = (), thickness: float = 0.25) -> Body:
    """The face of a wall around its openings, and their reveals."""
    across = sorted({0.0, side.length, *(edge for hole in openings for edge in (hole.left, hole.right))})
    up = sorted({0.0, side.height, *(edge for hole in openings for edge in (hole.bottom, hole.top))})
    meshes: list[Mesh] = []
    for left, right in itertools.pairwise(across):
        for bottom, top in itertools.pairwise(up):
            x, z = (left + right) / 2, (bottom + top) / 2
            if any(hole.left < x < hole.right and hole.bottom < z < hole.top for hole in openings):
                continue
            meshes.append(
                _textured(rectangle((left, 0, bottom), (right - left, 0, 0), (0, 0, top - bottom)), left, bottom)
            )
    for hole in openings:
        w, h, deep = hole.width, hole.height, (0.0, thickness, 0.0)
        meshes.append(rectangle((hole.left, 0, hole.bottom), (0, 0, h), deep))
        meshes.append(rectangle((hole.right, 0, hole.bottom), deep, (0, 0, h)))
        meshes.append(rectangle((hole.left, 0, hole.top), (w, 0, 0), deep))
        meshes.append(rectangle((hole.left, 0, hole.bottom), deep, (w, 0, 0)))
    return side.place(Body(part=Part(label="wall")).add(surface, *meshes), 0)


def _textured(face: Mesh, left: float, bottom: float) -> Mesh:
    """Shifts the texture so that it runs through from face to face."""
    return Mesh(
        positions=face.positions,
        normals=face.normals,
        uv=face.uv + np.array([left, bottom], np.float32),
        triangles=face.triangles,
    )


def skirting(
    shop: Workshop,
    side: Side,
    surface: Material,
    *,
    gaps: Sequence[Opening] = (),
    height: float = 0.09,
    thickness: float = 0.014,
) -> Body:
    """A board along the foot of a wall, left out where an opening reaches the floor."""
    body = Body(part=Part(label="wall"))
    edges = [0.0]
    for hole in sorted((gap for gap in gaps if gap.bottom < height), key=lambda gap: gap.left):
        edges += [hole.left, hole.right]
    edges.append(side.length)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        if right - left > 0.02:
            board = shop.box((right - left, thickness, height), ((left + right) / 2, -thickness / 2, 0), radius=0.004)
            body.add(surface, board)
    return side.place(body, 0)


def cornice(shop: Workshop, side: Side, surface: Material, *, size: float = 0.07) -> Body:
    """A moulding where wall and ceiling meet."""
    body = Body(part=Part(label="ceiling"))
    length = side.length
    body.add(surface, shop.box((length, size, 0.4 * size), (length / 2, -size / 2, side.height - 0.4 * size)))
    return side.place(
        body.add(surface, shop.box((length, 0.4 * size, size), (length / 2, -0.2 * size, side.height - size))), 0
    )


def floor(surface: Material, width: float, depth: float, *, along_y: bool = True) -> Body:
    """Level at z = 0; the texture's u runs along y where `along_y`."""
    mesh = rectangle((0, 0, 0), (width, 0, 0), (0, depth, 0))
    if along_y:
        mesh = Mesh(
            positions=mesh.positions, normals=mesh.normals, uv=mesh.uv[:, ::-1].copy(), triangles=mesh.triangles
        )
    return Body(part=Part(label="floor")).add(surface, mesh)


def ceiling(surface: Material, width: float, depth: float, height: float) -> Body:
    """Level."""
    return Body(part=Part(label="ceiling")).add(surface, rectangle((0, 0, height), (0, depth, 0), (width, 0, 0)))
