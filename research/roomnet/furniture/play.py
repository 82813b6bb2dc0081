"""Toys."""

from research.roomnet.scene.material import Colour, Material, srgb
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

BRIGHT: tuple[Colour, ...] = tuple(
    srgb(text) for text in ("#d8402f", "#2f6fb5", "#f0b830", "#4d9a4a", "#e98bb0", "#7d5aa6")
)


def lacquer(colour: Colour) -> Material:
    """Shiny and even."""
    return Material(colour=colour, roughness=0.35, specular=0.045, detail=(0.03, 0.0))


def blocks(shop: Workshop, *, count: int = 7) -> Body:
    """Building blocks scattered over half a metre."""
    body = Body(part=Part(label="plaything"))
    for number in range(count):
        size = shop.between(0.04, 0.09)
        cube = shop.box((size, size * shop.between(0.8, 1.8), size), radius=0.006).turned(shop.between(0, 90))
        body.add(
            lacquer(BRIGHT[number % len(BRIGHT)]), cube.moved(shop.between(-0.25, 0.25), shop.between(-0.25, 0.25))
        )
    return body


def play_ball(shop: Workshop) -> Body:
    """For hand or foot."""
    radius = shop.between(0.07, 0.13)
    colour = BRIGHT[int(shop.rng.integers(len(BRIGHT)))]
    return Body(part=Part(label="ball")).add(lacquer(colour), shop.ball(radius).moved(z=radius))


def teddy(shop: Workshop, fur: Material) -> Body:
    """Sitting."""
    body = Body(part=Part(label="plaything"))
    limbs = [
        shop.ball(0.06).moved(x, y, z)
        for x, y, z in ((-0.13, -0.06, 0.2), (0.13, -0.06, 0.2), (-0.09, -0.15, 0.06), (0.09, -0.15, 0.06))
    ]
    ears = [shop.ball(0.035).moved(x, 0, 0.43) for x in (-0.08, 0.08)]
    return body.add(fur, shop.ball(0.13).moved(z=0.14), shop.ball(0.1).moved(z=0.34), *limbs, *ears)


def toy_chest(shop: Workshop, wood: Material) -> Body:
    """Low box with a lid."""
    body = Body(part=Part(label="box"))
    return body.add(
        wood,
        shop.box((0.8, 0.42, 0.38), (0, -0.22, 0), radius=0.01),
        shop.box((0.83, 0.45, 0.03), (0, -0.22, 0.38), radius=0.01),
    )
