"""Fireplaces; the wall at y = 0."""

from research.roomnet.furniture.finishes import BLACK_METAL
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

BREAST_DEPTH = 0.22
"""Of the chimney before the wall, metres."""

SOOT = Material(colour=(0.015, 0.014, 0.013), specular=0.0, detail=(0.5, 0.0))


def fireplace(
    shop: Workshop, surround: Material, mantel: Material, *, breast: Material | None, height: float
) -> list[Body]:
    """Two cheeks, a lintel and a mantelpiece around a sooty opening; `breast` is the chimney above, up to `height`."""
    body = Body(part=Part(label="fireplace", thing="fireplace"))
    wide, high, deep = 1.3, 1.05, 0.28
    for side in (-1, 1):
        body.add(surround, shop.box((0.28, deep, high), (side * (wide / 2 - 0.14), -deep / 2, 0), radius=0.006))
    body.add(surround, shop.box((wide - 0.56, deep, 0.32), (0, -deep / 2, high - 0.32)))
    body.add(mantel, shop.box((wide + 0.16, deep + 0.1, 0.06), (0, -deep / 2 - 0.03, high), radius=0.008))
    body.add(surround, shop.box((wide + 0.1, 0.35, 0.04), (0, -deep - 0.17, 0), radius=0.006))
    body.add(SOOT, shop.box((wide - 0.56, 0.02, high - 0.32), (0, -0.02, 0)))
    body.add(BLACK_METAL, *(shop.cylinder(0.012, 0.5).turned(90, "y").moved(-0.25, -0.12, z) for z in (0.1, 0.16)))
    if not breast:
        return [body]
    chimney = shop.box((wide - 0.1, BREAST_DEPTH, height - high - 0.06), (0, -BREAST_DEPTH / 2, high + 0.06))
    return [body, Body(part=Part(label="wall")).add(breast, chimney)]
