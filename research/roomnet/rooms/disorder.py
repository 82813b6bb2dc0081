"""What lies about: on tops, on beds, on the floor; each room has its own measure of it."""

import numpy as np

from research.roomnet.furniture import bathroom, desktop, ornaments, plants, sundries
from research.roomnet.furniture.finishes import BLACK_METAL, STEEL, glazed, leather
from research.roomnet.rooms import patterns
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.material import Colour, Material, srgb
from research.roomnet.scene.scene import Body, Part


def small(plan: Plan, *, tallest: float = 0.4) -> Body:
    """Any small thing; its foot at the origin."""
    shop = plan.shop
    kind = shop.rng.random()
    if kind < 0.3:
        return _ornament(plan, tallest=tallest)
    if kind < 0.48:
        return sundries.bottle(shop, _shiny(plan), height=min(shop.between(0.12, 0.34), tallest))
    if kind < 0.62:
        height = min(shop.between(0.08, 0.25), tallest)
        return sundries.canister(shop, _shiny(plan), radius=shop.between(0.03, 0.09), height=height)
    if kind < 0.76:
        return sundries.parcel(shop, _card(plan))
    if kind < 0.86:
        return sundries.photograph(shop, plan.taste.image(), plan.taste.other_wood)
    return desktop.papers(shop)


def kitchenware(plan: Plan) -> Body:
    """What stands on worktops."""
    shop = plan.shop
    if shop.chance(0.25):
        return sundries.toaster(shop, (STEEL, BLACK_METAL, _shiny(plan))[int(shop.rng.integers(3))])
    if shop.chance(0.15):
        return bathroom.paper_roll(shop, _card(plan)).placed(z=0.12)
    return small(plan)


def scatter(plan: Plan, spot: tuple[float, float], size: tuple[float, float], z: float, *, most: int = 4) -> None:
    """Small things on a top of that size whose middle is `spot`, not on each other."""
    shop = plan.shop
    placed: list[tuple[float, float]] = []
    for _ in range(int(shop.rng.integers(0, most + 1)) + int(shop.rng.poisson(1.5 * plan.mess))):
        x, y = spot[0] + shop.between(-0.4, 0.4) * size[0], spot[1] + shop.between(-0.36, 0.36) * size[1]
        if all(abs(x - a) + abs(y - b) > 0.2 for a, b in placed):
            placed.append((x, y))
            plan.add(small(plan).placed(x, y, z, shop.between(0, 360)))


def thrown(plan: Plan, x: float, y: float, z: float) -> None:
    """Something thrown on a bed, a sofa or a chair at (x, y)."""
    shop = plan.shop
    kind = shop.rng.random()
    if kind < 0.6:
        cloths = [fabric(plan) for _ in range(int(shop.rng.integers(1, 4)))]
        body = sundries.heap(shop, cloths, width=shop.between(0.35, 0.8))
    elif kind < 0.8:
        body = ornaments.carton(shop, _card(plan), size=(shop.between(0.2, 0.5), 0.3, shop.between(0.06, 0.3)))
    else:
        body = desktop.laptop(shop)
    plan.add(body.placed(x, y, z, shop.between(0, 360)))


def clutter(plan: Plan, amount: float) -> None:
    """Boxes, bags, baskets, cushions, shoes and heaps of cloth on the floor; `amount` 0–1."""
    shop = plan.shop
    for _ in range(int(shop.rng.poisson(5 * amount))):
        size = shop.between(0.25, 0.55)
        place = plan.anywhere(size, size, margin=0.03)
        if place:
            plan.add(_on_floor(plan, size).placed(*place, 0.0, shop.between(0, 360)))


def _on_floor(plan: Plan, size: float) -> Body:
    shop, kind = plan.shop, plan.shop.rng.random()
    if kind < 0.25:
        card = _card(plan) if shop.chance(0.5) else Material(colour=srgb("#b08a5c"), seed=shop.seed(), specular=0.0)
        return ornaments.carton(shop, card, size=(size, size * 0.75, shop.between(0.15, 0.45)))
    if kind < 0.38:
        return ornaments.basket(shop, fabric(plan), radius=size / 2, height=shop.between(0.2, 0.4))
    if kind < 0.52:
        pillow = shop.pillow(size, size, 0.16).moved(z=0.08)
        return Body(part=Part(label="cushion", thing="cushion")).add(fabric(plan), pillow)
    if kind < 0.75:
        return sundries.heap(shop, [fabric(plan), fabric(plan)], width=size)
    if kind < 0.85:
        return sundries.shoes(shop, leather(patterns.any_colour(shop), shop.seed()))
    return ornaments.book_stack(shop, count=int(shop.rng.integers(1, 7)))


def amount(plan: Plan) -> float:
    """How untidy the people are, 0 for some, 1 for many, seldom 3."""
    return float(np.clip(plan.shop.rng.exponential(0.9) - 0.15, 0.0, 3.0))


def _ornament(plan: Plan, *, tallest: float) -> Body:
    shop = plan.shop
    kind = int(shop.rng.integers(6))
    if kind == 0:
        return ornaments.vase(shop, plan.taste.pottery(), height=min(shop.between(0.15, 0.38), tallest))
    if kind == 1:
        return ornaments.bowl(shop, plan.taste.pottery(), radius=shop.between(0.08, 0.16))
    if kind == 2:
        return ornaments.book_stack(shop, count=int(shop.rng.integers(1, 5)))
    if kind == 3:
        return ornaments.mug(shop, plan.taste.pottery())
    if kind == 4:
        return ornaments.basket(
            shop, plan.taste.accent(), radius=shop.between(0.08, 0.14), height=min(shop.between(0.1, 0.2), tallest)
        )
    height = min(shop.between(0.15, 0.35), tallest)
    return plants.grassy_plant(
        shop,
        plan.taste.green(),
        plan.taste.pottery(),
        height=0.6 * height,
        pot_height=0.4 * height,
        leaves=14 if not shop.fine else 26,
    )


def _shiny(plan: Plan) -> Material:
    return glazed(_tone(plan), plan.shop.seed())


def _card(plan: Plan) -> Material:
    return Material(colour=_tone(plan), seed=plan.shop.seed(), specular=0.01, detail=(0.15, 0.0))


def fabric(plan: Plan) -> Material:
    """Of clothes, tablecloths and whatever else needs not match."""
    shop = plan.shop
    if shop.chance(0.4):
        return patterns.cloth(shop, *(patterns.any_colour(shop) for _ in range(3)))
    return plan.taste.accent()


def _tone(plan: Plan) -> Colour:
    return (0.75, 0.74, 0.7) if plan.shop.chance(0.3) else patterns.any_colour(plan.shop)
