"""What hangs on walls: pictures, mirrors, screens, clocks; each about the origin, its back at y = 0, facing −y."""

from research.roomnet.furniture.finishes import BLACK_METAL, MIRROR, PAPER, SCREEN
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop


def frame(shop: Workshop, *, width: float, height: float, moulding: float, thickness: float) -> list[Mesh]:
    """Four bars around an opening of width×height whose middle is the origin."""
    radius = min(0.25 * moulding, 0.006)
    flat = [
        shop.box((width + 2 * moulding, thickness, moulding), (0, -thickness / 2, side), radius=radius)
        for side in (height / 2, -height / 2 - moulding)
    ]
    upright = [
        shop.box(
            (moulding, thickness, height), (side * (width + moulding) / 2, -thickness / 2, -height / 2), radius=radius
        )
        for side in (-1, 1)
    ]
    return [*flat, *upright]


def picture(
    shop: Workshop,
    image: Material,
    moulding: Material,
    *,
    width: float,
    height: float,
    border: float = 0.05,
    bar: float = 0.03,
) -> Body:
    """An image within a mount of `border` metres within a frame."""
    body = Body(part=Part(label="painting", thing="picture"))
    body.add(moulding, *frame(shop, width=width, height=height, moulding=bar, thickness=0.025))
    if border:
        body.add(PAPER, rectangle((-width / 2, -0.008, -height / 2), (width, 0, 0), (0, 0, height)))
    inner_x, inner_z = width / 2 - border, height / 2 - border
    return body.add(image, rectangle((-inner_x, -0.010, -inner_z), (2 * inner_x, 0, 0), (0, 0, 2 * inner_z), unit=True))


def mirror(shop: Workshop, moulding: Material, *, width: float, height: float, bar: float = 0.04) -> Body:
    """Framed."""
    body = Body(part=Part(label="mirror", thing="mirror"))
    body.add(moulding, *frame(shop, width=width, height=height, moulding=bar, thickness=0.03))
    return body.add(MIRROR, rectangle((-width / 2, -0.012, -height / 2), (width, 0, 0), (0, 0, height)))


def television(shop: Workshop, *, width: float = 1.2) -> Body:
    """Switched off."""
    body = Body(part=Part(label="television receiver", thing="television"))
    height = width * 9 / 16
    body.add(BLACK_METAL, shop.box((width + 0.02, 0.05, height + 0.02), (0, -0.03, -height / 2 - 0.01), radius=0.006))
    return body.add(SCREEN, rectangle((-width / 2, -0.057, -height / 2), (width, 0, 0), (0, 0, height)))


def clock(shop: Workshop, rim: Material, *, radius: float = 0.16) -> Body:
    """Round, ten past ten."""
    body = Body(part=Part(label="clock"))
    face = shop.cylinder(radius, 0.02).turned(90, "x")
    body.add(PAPER, face).add(
        rim, shop.lathe([(radius, 0), (radius + 0.015, 0.0), (radius + 0.015, 0.035), (radius, 0.035)]).turned(90, "x")
    )
    hands = [
        shop.box((0.01, 0.006, radius * long), (0, -0.024, 0)).turned(turn, "y")
        for long, turn in ((0.55, -60), (0.8, 62))
    ]
    return body.add(BLACK_METAL, *hands)
