"""Tables, desks and nightstands; the middle of each at the origin."""

from research.roomnet.furniture.finishes import BLACK_METAL, BRASS
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop


def legged_table(
    shop: Workshop,
    top: Material,
    legs: Material,
    part: Part,
    *,
    width: float,
    depth: float,
    height: float,
    leg: float = 0.05,
    inset: float = 0.05,
    thickness: float = 0.035,
    apron: float = 0.07,
    shelf: float = 0.0,
) -> Body:
    """Four square legs, an apron under the top and, at height `shelf` if above 0, a second board."""
    body = Body(part=part).add(top, shop.box((width, depth, thickness), (0, 0, height - thickness), radius=0.008))
    reach_x, reach_y = width / 2 - inset - leg / 2, depth / 2 - inset - leg / 2
    for x in (-1, 1):
        for y in (-1, 1):
            body.add(legs, shop.box((leg, leg, height - thickness), (x * reach_x, y * reach_y, 0), radius=0.005))
    if apron:
        under = height - thickness - apron
        for side in (-1, 1):
            body.add(legs, shop.box((2 * reach_x, 0.02, apron), (0, side * reach_y, under), radius=0.002))
            body.add(legs, shop.box((0.02, 2 * reach_y, apron), (side * reach_x, 0, under), radius=0.002))
    if shelf:
        body.add(top, shop.box((2 * reach_x, 2 * reach_y, 0.02), (0, 0, shelf), radius=0.004))
    return body


def coffee_table(
    shop: Workshop, wood: Material, *, width: float = 1.1, depth: float = 0.6, height: float = 0.43
) -> Body:
    """With a magazine shelf."""
    return legged_table(
        shop,
        wood,
        wood,
        Part(label="coffee table", thing="coffee_table"),
        width=width,
        depth=depth,
        height=height,
        leg=0.055,
        inset=0.02,
        shelf=0.14,
    )


def round_table(shop: Workshop, top: Material, stem: Material, part: Part, *, radius: float, height: float) -> Body:
    """On one foot."""
    body = Body(part=part)
    rim = 0.012
    board = [
        (0, height - 0.035),
        (radius - rim, height - 0.035),
        (radius, height - 0.035 + rim),
        (radius, height - rim),
    ]
    body.add(top, shop.lathe([*board, (radius - rim, height), (radius - rim, height), (0, height)]))
    foot = min(0.55 * radius, 0.3)
    outline = [(0, 0.02), (foot, 0.0), (foot, 0.02), (0.25 * foot, 0.05), (0.045, 0.12), (0.035, 0.5 * height)]
    return body.add(stem, shop.lathe([*outline, (0.05, height - 0.08), (0.16, height - 0.036)]))


def dining_table(shop: Workshop, top: Material, legs: Material, *, width: float = 1.6, depth: float = 0.9) -> Body:
    """For four to eight."""
    part = Part(label="table", thing="table")
    return legged_table(shop, top, legs, part, width=width, depth=depth, height=0.75, leg=0.075, inset=0.03)


def desk(shop: Workshop, top: Material, legs: Material, *, width: float = 1.4, drawers: bool = True) -> Body:
    """Against a wall behind it, knees towards −y."""
    part = Part(label="desk", thing="desk")
    body = legged_table(shop, top, legs, part, width=width, depth=0.65, height=0.74, leg=0.045, inset=0.01, apron=0.05)
    if not drawers:
        return body
    x = width / 2 - 0.24
    body.add(legs, shop.box((0.4, 0.58, 0.56), (x, 0, 0.12)))
    for number in range(3):
        z = 0.13 + number * 0.185
        body.add(top, shop.box((0.38, 0.02, 0.175), (x, -0.295, z), radius=0.004))
        body.add(BLACK_METAL, shop.box((0.12, 0.015, 0.012), (x, -0.315, z + 0.1)))
    return body


def nightstand(shop: Workshop, wood: Material, *, width: float = 0.45, height: float = 0.52) -> Body:
    """A small chest beside a bed: an open shelf above one drawer."""
    body = Body(part=Part(label="table", thing="table"))
    depth = 0.38
    body.add(wood, shop.box((width + 0.02, depth + 0.02, 0.02), (0, 0, height - 0.02), radius=0.004))
    body.add(wood, shop.box((width, depth, height * 0.5), (0, 0, 0.1)))
    for side in (-1, 1):
        body.add(wood, shop.box((0.02, depth, height - 0.02), (side * (width / 2 - 0.01), 0, 0)))
    body.add(wood, shop.box((width - 0.03, 0.02, height * 0.38), (0, -depth / 2 - 0.005, 0.13), radius=0.004))
    body.add(wood, shop.box((width - 0.04, 0.015, height - 0.04), (0, depth / 2 - 0.02, 0.02)))
    return body.add(BRASS, shop.ball(0.014).moved(0, -depth / 2 - 0.025, 0.13 + height * 0.19))


def tablecloth(shop: Workshop, cloth: Material, *, width: float, depth: float) -> Body:
    """Over a rectangular top at z = 0, hanging down a little on all sides."""
    wide, deep, drop = width + 0.02, depth + 0.02, shop.between(0.08, 0.3)
    falls = [shop.box((wide, 0.006, drop), (0, side * deep / 2, 0.005 - drop)) for side in (-1, 1)]
    falls += [shop.box((0.006, deep, drop), (side * wide / 2, 0, 0.005 - drop)) for side in (-1, 1)]
    return Body(part=Part(label="table", thing="table")).add(cloth, shop.box((wide, deep, 0.005)), *falls)
