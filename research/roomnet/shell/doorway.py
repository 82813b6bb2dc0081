"""What an open door shows: a piece of the next room."""

from research.roomnet.furniture import storage
from research.roomnet.scene.light import Light, LightKind
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell.walls import Opening, Side

_WALL = 0.25
"""Thickness between the rooms, metres."""


def beyond(
    shop: Workshop, side: Side, hole: Opening, *, wall: Material, ground: Material, ceiling: Material, wood: Material
) -> list[Body]:
    """A closed box behind the opening, no wider than the wall in front of it; now and then a chest stands in it."""
    left, right = (
        max(0.05, hole.left - shop.between(0.1, 1.5)),
        min(side.length - 0.05, hole.right + shop.between(0.1, 1.5)),
    )
    wide, deep, high = right - left, shop.between(1.0, 3.5), max(side.height - 0.05, hole.top + 0.05)
    shell, near, far = Body(part=Part(label="wall")), _WALL, _WALL + deep
    shell.add(
        wall,
        rectangle((left, far, 0), (wide, 0, 0), (0, 0, high)),
        rectangle((left, near, 0), (0, deep, 0), (0, 0, high)),
        rectangle((right, far, 0), (0, -deep, 0), (0, 0, high)),
        *(
            rectangle((x + w, near, z), (-w, 0, 0), (0, 0, h))
            for x, w, z, h in (
                (left, hole.left - left, 0.0, high),
                (hole.right, right - hole.right, 0.0, high),
                (hole.left, hole.width, hole.top, high - hole.top),
            )
        ),
    )
    floor = Body(part=Part(label="floor")).add(ground, rectangle((left, 0.0, -0.001), (wide, 0, 0), (0, far, 0)))
    lid = Body(part=Part(label="ceiling")).add(ceiling, rectangle((left, near, high), (0, deep, 0), (wide, 0, 0)))
    bodies = [side.place(body, 0) for body in (shell, floor, lid)]
    if shop.chance(0.4) and wide > 0.9:
        size = min(wide - 0.1, shop.between(0.8, 1.4))
        part = Part(label="cabinet", thing="cabinet")
        chest = storage.chest(
            shop, wood, wood, width=size, height=shop.between(0.7, 2.0), rows=2, columns=2, part=part, depth=0.4
        )
        bodies.append(side.place(chest, (left + right) / 2, -far))
    return bodies


def light(shop: Workshop, side: Side, hole: Opening) -> Light:
    """Under the ceiling of the next room; from hardly any to brighter than here."""
    level = shop.between(0.3, 1.0) * 10 ** shop.between(0.0, 1.3)
    return Light(
        kind=LightKind.RECTANGLE,
        corner=side.point(hole.left, _WALL + 0.2, side.height - 0.08),
        edge_u=side.direction(0, 0.6, 0),
        edge_v=side.direction(hole.width, 0, 0),
        radiance=(level, level * 0.92, level * 0.8),
    )
