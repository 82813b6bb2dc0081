"""What breaks up a plain wall: recesses, pilasters, boxed-in beams."""

from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop
from research.roomnet.shell.walls import Opening, Side

RECESS: float = 0.25
"""Depth of a recess: the thickness of a wall's reveals, metres."""


def back(side: Side, hole: Opening, surface: Material) -> Body:
    """What closes an opening behind its reveals and makes a recess of it."""
    face = rectangle((hole.left, RECESS, hole.bottom), (hole.width, 0, 0), (0, 0, hole.height))
    return side.place(Body(part=Part(label="wall")).add(surface, face), 0)


def boards(shop: Workshop, side: Side, hole: Opening, wood: Material, *, count: int) -> Body:
    """Shelf boards in a recess."""
    body = Body(part=Part(label="shelf", thing="shelf"))
    for number in range(count):
        up = hole.bottom + hole.height * (number + 1) / (count + 1)
        body.add(wood, shop.box((hole.width, RECESS - 0.02, 0.025), (hole.middle, RECESS / 2, up)))
    return side.place(body, 0)


def pilaster(
    shop: Workshop, side: Side, surface: Material, *, along: float, width: float, out: float, capital: float = 0.0
) -> Body:
    """From floor to ceiling, `out` metres into the room; foot and head stand out by `capital` more."""
    body = Body(part=Part(label="wall"))
    body.add(surface, shop.box((width, out, side.height), (along, -out / 2, 0)))
    if capital:
        for up in (0.0, side.height - 0.14):
            body.add(surface, shop.box((width + 2 * capital, out + capital, 0.14), (along, -(out + capital) / 2, up)))
    return side.place(body, 0)


def boxing(shop: Workshop, side: Side, surface: Material, *, out: float, drop: float) -> Body:
    """A boxed-in beam or duct under the ceiling along the whole wall."""
    box = shop.box((side.length, out, drop), (side.length / 2, -out / 2, side.height - drop))
    return side.place(Body(part=Part(label="wall")).add(surface, box), 0)


def downstand(shop: Workshop, surface: Material, *, width: float, y: float, height: float, deep: float) -> Body:
    """One beam across the room under the ceiling, as where two rooms were made one."""
    beam = shop.box((width, 0.28, deep), (width / 2, y, height - deep))
    return Body(part=Part(label="ceiling")).add(surface, beam)
