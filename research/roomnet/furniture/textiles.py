"""Rugs, curtains, blankets, towels."""

from dataclasses import replace

import numpy as np

from research.roomnet.furniture.finishes import BRASS
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import box, rectangle
from research.roomnet.scene.workshop import Workshop


def rug(shop: Workshop, pile: Material, fringe: Material | None, *, width: float, length: float) -> Body:
    """Flat on the floor about the origin, `length` along y; the texture has its origin in the middle."""
    body = Body(part=Part(label="rug", thing="rug"))
    top = rectangle((-width / 2, -length / 2, 0.011), (width, 0, 0), (0, length, 0))
    top = replace(top, uv=top.positions[:, :2].astype(np.float32))
    body.add(pile, top, box((width, length, 0.0105)))
    if fringe:
        count = int(width / (0.012 if shop.fine else 0.05))
        for end in (-1, 1):
            strands = []
            for number in range(count):
                x = -width / 2 + width * (number + 0.5) / count + shop.between(-0.003, 0.003)
                y = end * (length / 2 + 0.03)
                strand = box((0.004 if shop.fine else 0.02, 0.07, 0.004)).turned(shop.between(-14, 14)).moved(x, y, 0.0)
                strands.append(strand)
            body.add(fringe, *strands)
    return body


def drape(shop: Workshop, cloth: Material, *, width: float, height: float, folds: int, depth: float = 0.045) -> Body:
    """One curtain hanging down to z = 0."""
    return Body(part=Part(label="curtain", thing="curtain")).add(
        cloth, shop.curtain(width, height, folds=folds, depth=depth)
    )


def curtain_rod(shop: Workshop, metal: Material = BRASS, *, width: float) -> Body:
    """Along x at the origin with a knob at each end."""
    body = Body(part=Part(label="curtain", thing=""))
    rod = shop.tube([(-width / 2, 0, 0), (width / 2, 0, 0)], 0.012)
    knobs = [shop.ball(0.026).moved(x=side * width / 2) for side in (-1, 1)]
    stays = [shop.box((0.015, 0.09, 0.015), (side * (width / 2 - 0.12), 0.045, -0.008)) for side in (-1, 1)]
    return body.add(metal, rod, *knobs, *stays)


def roller_blind(shop: Workshop, cloth: Material, *, width: float, drop: float) -> Body:
    """Hanging from z = 0 in a window's opening."""
    body = Body(part=Part(label="blind", thing="curtain"))
    body.add(cloth, shop.box((width, 0.06, 0.06), (0, 0, -0.06), radius=0.02))
    return body.add(
        cloth,
        shop.box((width - 0.02, 0.003, drop), (0, 0, -drop)),
        shop.box((width - 0.02, 0.012, 0.03), (0, 0, -drop)),
    )


def slatted_blind(shop: Workshop, slat: Material, *, width: float, drop: float, tilt: float = 30.0) -> Body:
    """A Venetian blind hanging from z = 0, its slats tilted by degrees."""
    body = Body(part=Part(label="blind", thing="curtain"))
    pitch = 0.045 if shop.fine else 0.07
    one = shop.box((width, pitch * 1.1, 0.002)).turned(tilt, "x")
    slats = [one.moved(z=-0.05 - pitch * number) for number in range(int((drop - 0.05) / pitch))]
    return body.add(slat, shop.box((width, 0.05, 0.045), (0, 0, -0.045)), *slats)
