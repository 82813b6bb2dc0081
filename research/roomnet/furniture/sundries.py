"""Things that nobody tidied away: bottles, canisters, toasters, clothes, photographs, shoes; each stands on z = 0."""

from research.roomnet.furniture.finishes import BLACK_METAL, PAPER, STEEL
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop


def bottle(shop: Workshop, glass: Material, *, height: float = 0.28) -> Body:
    """Full or empty."""
    h, r = height, 0.13 * height
    outline = [(0, 0), (r, 0), (r, 0), (r, 0.6 * h), (0.35 * r, 0.78 * h), (0.35 * r, h), (0, h)]
    return Body(part=Part(label="bottle")).add(glass, shop.lathe(outline))


def canister(shop: Workshop, side: Material, *, radius: float = 0.06, height: float = 0.16) -> Body:
    """For flour, tea or pens; with a lid."""
    body = Body(part=Part(label="pot")).add(side, shop.cylinder(radius, 0.86 * height))
    return body.add(STEEL, shop.cylinder(1.04 * radius, 0.14 * height).moved(z=0.86 * height))


def toaster(shop: Workshop, shell: Material) -> Body:
    """Or another machine of that size."""
    body = Body(part=Part(label="oven"))
    wide, high = shop.between(0.2, 0.34), shop.between(0.18, 0.36)
    body.add(shell, shop.box((wide, shop.between(0.18, 0.26), high), radius=0.025))
    return body.add(BLACK_METAL, shop.box((0.6 * wide, 0.02, 0.3 * high), (0, -0.13, 0.35 * high)))


def photograph(shop: Workshop, image: Material, moulding: Material) -> Body:
    """In a standing frame."""
    body = Body(part=Part(label="painting", thing="picture"))
    wide, high = shop.between(0.1, 0.22), shop.between(0.12, 0.26)
    frame = shop.box((wide, 0.015, high)).turned(-12, "x")
    inner = shop.box((0.8 * wide, 0.004, 0.8 * high), (0, -0.009, 0.1 * high)).turned(-12, "x")
    return body.add(moulding, frame).add(image, inner)


def heap(shop: Workshop, cloths: list[Material], *, width: float = 0.5) -> Body:
    """Clothes, thrown down."""
    body = Body(part=Part(label="apparel"))
    for cloth in cloths:
        size = (width * shop.between(0.5, 1.0), width * shop.between(0.4, 0.8), shop.between(0.05, 0.16))
        lump = shop.upholstery(size, (0, 0, 0), radius=0.04, crown=0.04).turned(shop.between(0, 90))
        body.add(cloth, lump.moved(shop.between(-0.25, 0.25) * width, shop.between(-0.25, 0.25) * width))
    return body


def shoes(shop: Workshop, leather: Material) -> Body:
    """A pair."""
    body = Body(part=Part(label="apparel"))
    for side in (-1, 1):
        sole = shop.box((0.09, 0.27, 0.07), radius=0.03).turned(shop.between(-25, 25))
        body.add(leather, sole.moved(x=side * shop.between(0.06, 0.14)))
    return body


def parcel(shop: Workshop, card: Material) -> Body:
    """A packet of anything, upright."""
    size = (shop.between(0.06, 0.22), shop.between(0.04, 0.12), shop.between(0.08, 0.3))
    body = Body(part=Part(label="box")).add(card, shop.box(size))
    return body.add(PAPER, shop.box((0.7 * size[0], 0.004, 0.4 * size[2]), (0, -size[1] / 2 - 0.002, 0.3 * size[2])))
