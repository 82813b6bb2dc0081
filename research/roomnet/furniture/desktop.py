"""What stands on desks: screens, keyboards, laptops, papers; each about the origin, facing −y."""

from research.roomnet.furniture.finishes import BLACK_METAL, PAPER, SCREEN, STEEL
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import rectangle
from research.roomnet.scene.workshop import Workshop


def monitor(shop: Workshop, *, width: float = 0.56) -> Body:
    """On its stand; now and then it shows something."""
    body = Body(part=Part(label="monitor", thing=""))
    height = width * 0.57
    body.add(
        BLACK_METAL,
        shop.box((width, 0.04, height), (0, 0.02, 0.12), radius=0.006),
        shop.box((0.05, 0.04, 0.16), (0, 0.05, 0.01)),
    )
    body.add(BLACK_METAL, shop.box((0.24, 0.18, 0.012), (0, 0.03, 0)))
    lit = Material(colour=(0.05, 0.05, 0.06), emission=(0.25, 0.3, 0.4), roughness=0.3)
    face = rectangle((-width / 2 + 0.012, -0.002, 0.132), (width - 0.024, 0, 0), (0, 0, height - 0.024))
    return body.add(lit if shop.chance(0.35) else SCREEN, face)


def keyboard(shop: Workshop) -> Body:
    """With a mouse beside it."""
    body = Body(part=Part(label="computer", thing=""))
    body.add(BLACK_METAL, shop.box((0.42, 0.13, 0.018), radius=0.004))
    return body.add(BLACK_METAL, shop.box((0.06, 0.1, 0.03), (0.3, 0, 0), radius=0.013))


def laptop(shop: Workshop) -> Body:
    """Open."""
    body = Body(part=Part(label="computer", thing=""))
    lid = shop.box((0.34, 0.01, 0.23)).sheared(y_by_z=0.3).moved(y=0.12, z=0.015)
    body.add(STEEL, shop.box((0.34, 0.24, 0.016), radius=0.005), lid)
    return body.add(SCREEN, shop.box((0.32, 0.004, 0.2)).sheared(y_by_z=0.3).moved(y=0.116, z=0.025))


def papers(shop: Workshop) -> Body:
    """Some sheets."""
    body = Body(part=Part(label="book"))
    for number in range(3):
        sheet = shop.box((0.21, 0.297, 0.001)).turned(shop.between(-25, 25))
        body.add(PAPER, sheet.moved(shop.between(-0.06, 0.06), shop.between(-0.04, 0.04), 0.001 * number))
    return body
