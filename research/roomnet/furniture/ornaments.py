"""Small things that stand about: vases, bowls, cups, stacks of books, baskets, boxes."""

from research.roomnet.furniture.finishes import PAPER
from research.roomnet.furniture.storage import SPINES
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop


def vase(shop: Workshop, glaze: Material, *, height: float = 0.25) -> Body:
    """Bellied, narrow-necked."""
    h = height
    outline = [
        (0, 0),
        (0.18 * h, 0),
        (0.18 * h, 0),
        (0.3 * h, 0.3 * h),
        (0.3 * h, 0.45 * h),
        (0.12 * h, 0.8 * h),
        (0.11 * h, 0.9 * h),
    ]
    return Body(part=Part(label="vase")).add(
        glaze, shop.lathe([*outline, (0.15 * h, h), (0.135 * h, h), (0.09 * h, 0.88 * h)])
    )


def bowl(shop: Workshop, glaze: Material, *, radius: float = 0.13) -> Body:
    """Shallow."""
    r = radius
    outer = [(0, 0.0), (0.4 * r, 0), (0.45 * r, 0.02), (0.85 * r, 0.25 * r + 0.02), (r, 0.5 * r)]
    inner = [(0.96 * r, 0.5 * r), (0.8 * r, 0.28 * r + 0.02), (0.4 * r, 0.035), (0, 0.03)]
    return Body(part=Part(label="plate")).add(glaze, shop.lathe([*outer, *inner]))


def mug(shop: Workshop, glaze: Material) -> Body:
    """With a handle towards +x."""
    cup = shop.lathe([(0, 0), (0.036, 0), (0.036, 0), (0.041, 0.09), (0.038, 0.09), (0.034, 0.012), (0, 0.012)])
    handle = shop.tube(
        [(0.04, 0, 0.075), (0.062, 0, 0.07), (0.066, 0, 0.045), (0.058, 0, 0.025), (0.038, 0, 0.02)], 0.005
    )
    return Body(part=Part(label="pot")).add(glaze, cup, handle)


def book_stack(shop: Workshop, *, count: int = 3) -> Body:
    """Lying flat, not quite square to each other."""
    body, z = Body(part=Part(label="book")), 0.0
    for _ in range(count):
        thick, wide, long = shop.between(0.018, 0.034), shop.between(0.15, 0.19), shop.between(0.21, 0.27)
        colour = SPINES[int(shop.rng.integers(len(SPINES)))]
        cover = Material(colour=colour, roughness=0.5, specular=0.035, detail=(0.15, 0.0))
        turn = shop.between(-14, 14)
        boards = [shop.box((long, wide, 0.003), (0, 0, z + lift)).turned(turn) for lift in (0.0, thick - 0.003)]
        spine = shop.box((long, 0.004, thick), (0, -wide / 2, z)).turned(turn)
        body.add(cover, *boards, spine).add(
            PAPER, shop.box((long - 0.008, wide - 0.008, thick - 0.006), (0, 0, z + 0.003)).turned(turn)
        )
        z += thick
    return body


def basket(shop: Workshop, wicker: Material, *, radius: float = 0.2, height: float = 0.28) -> Body:
    """Round, open."""
    r, h = radius, height
    outline = [
        (0, 0),
        (0.82 * r, 0),
        (0.82 * r, 0),
        (r, 0.6 * h),
        (0.97 * r, h),
        (0.93 * r, h),
        (0.95 * r, 0.6 * h),
        (0.78 * r, 0.02),
    ]
    return Body(part=Part(label="basket")).add(wicker, shop.lathe([*outline, (0, 0.02)]))


def carton(shop: Workshop, card: Material, *, size: tuple[float, float, float] = (0.4, 0.3, 0.28)) -> Body:
    """Closed."""
    return Body(part=Part(label="box")).add(card, shop.box(size, radius=0.004))
