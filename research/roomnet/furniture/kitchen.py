"""Kitchen runs: base and wall units, worktops, appliances, islands; backs at y = 0, x from 0 to the right."""

from dataclasses import dataclass

from research.roomnet.furniture.finishes import BLACK_METAL, CHROME, SCREEN, STEEL, gap
from research.roomnet.furniture.storage import drawer_fronts
from research.roomnet.scene.material import Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

BASE_HEIGHT, BASE_DEPTH, TOP_THICKNESS = 0.87, 0.58, 0.035


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """The materials of one kitchen."""

    front: Material
    handle: Material
    worktop: Material
    backsplash: Material
    appliance: Material
    shaker: bool
    """Framed doors, else flat ones."""


def base_unit(shop: Workshop, fitting: Fitting, *, width: float, drawers: int) -> Body:
    """A cupboard below the worktop: `drawers` fronts above each other, or one door where 0."""
    body = Body(part=Part(label="cabinet", thing="cabinet"))
    body.add(
        fitting.front,
        shop.box((width, BASE_DEPTH - 0.03, BASE_HEIGHT - 0.1), (width / 2, -BASE_DEPTH / 2 + 0.015, 0.1)),
    )
    body.add(BLACK_METAL, shop.box((width, BASE_DEPTH - 0.1, 0.1), (width / 2, -BASE_DEPTH / 2 + 0.05, 0)))
    if drawers:
        fronts = drawer_fronts(
            shop,
            fitting.front,
            fitting.handle,
            width=width,
            bottom=0.1,
            top=BASE_HEIGHT,
            rows=drawers,
            columns=1,
            y=-BASE_DEPTH + 0.03,
        )
        body.pieces += [(mesh.moved(x=width / 2), what) for mesh, what in fronts]
        return body
    _door(
        shop,
        body,
        fitting,
        x=width / 2,
        bottom=0.1,
        width=width,
        height=BASE_HEIGHT - 0.1,
        y=-BASE_DEPTH + 0.03,
        handle=0.72,
    )
    return body


def wall_unit(shop: Workshop, fitting: Fitting, *, width: float, height: float = 0.7) -> Body:
    """A hanging cupboard; z = 0 at its underside."""
    body = Body(part=Part(label="cabinet", thing="cabinet"))
    body.add(fitting.front, shop.box((width, 0.32, height), (width / 2, -0.16, 0)))
    _door(shop, body, fitting, x=width / 2, bottom=0, width=width, height=height, y=-0.32, handle=0.12)
    return body


def tall_unit(shop: Workshop, fitting: Fitting, *, width: float, height: float) -> Body:
    """A larder."""
    body = Body(part=Part(label="cabinet", thing="cabinet"))
    body.add(fitting.front, shop.box((width, BASE_DEPTH, height - 0.1), (width / 2, -BASE_DEPTH / 2, 0.1)))
    body.add(BLACK_METAL, shop.box((width, BASE_DEPTH - 0.08, 0.1), (width / 2, -BASE_DEPTH / 2 + 0.04, 0)))
    split = 0.1 + (height - 0.1) * 0.6
    _door(shop, body, fitting, x=width / 2, bottom=0.1, width=width, height=split - 0.1, y=-BASE_DEPTH, handle=1.05)
    _door(
        shop, body, fitting, x=width / 2, bottom=split, width=width, height=height - split, y=-BASE_DEPTH, handle=0.08
    )
    return body


def worktop(shop: Workshop, fitting: Fitting, *, length: float) -> Body:
    """A slab on the base units."""
    slab = shop.box(
        (length, BASE_DEPTH + 0.04, TOP_THICKNESS), (length / 2, -BASE_DEPTH / 2 - 0.02, BASE_HEIGHT), radius=0.008
    )
    return Body(part=Part(label="countertop", thing="counter")).add(fitting.worktop, slab)


def cooker(shop: Workshop, fitting: Fitting, *, width: float = 0.6) -> tuple[Body, Body]:
    """An oven below and its hob on the worktop."""
    oven = Body(part=Part(label="oven", thing="oven"))
    x, front = width / 2, -BASE_DEPTH + 0.03
    oven.add(fitting.appliance, shop.box((width, BASE_DEPTH - 0.03, BASE_HEIGHT), (x, front / 2, 0.0)))
    oven.add(SCREEN, shop.box((width - 0.08, 0.012, 0.4), (x, front - 0.004, 0.2), radius=0.004))
    oven.add(STEEL, shop.box((width - 0.12, 0.03, 0.018), (x, front - 0.03, 0.64), radius=0.006))
    knobs = [
        shop.cylinder(0.02, 0.025).turned(90, "x").moved(0.1 + (width - 0.2) * n / 4, front, 0.78) for n in range(5)
    ]
    oven.add(BLACK_METAL, *knobs)
    hob = Body(part=Part(label="stove", thing="oven"))
    plate_height = BASE_HEIGHT + TOP_THICKNESS
    hob.add(SCREEN, shop.box((width - 0.03, 0.5, 0.008), (x, front / 2 - 0.02, plate_height)))
    spots = [(0.15, -0.16), (width - 0.15, -0.16), (0.15, -0.42), (width - 0.15, -0.42)]
    rings = [shop.cylinder(0.085, 0.014).moved(sx, sy, plate_height + 0.006) for sx, sy in spots]
    return oven, hob.add(BLACK_METAL, *rings)


def hood(shop: Workshop, fitting: Fitting, *, height: float, width: float = 0.6) -> Body:
    """An extractor; z = 0 at its underside, `height` to the ceiling."""
    body = Body(part=Part(label="hood", thing=""))
    slope = shop.lathe([(0.42, 0), (0.42, 0.05), (0.42, 0.05), (0.17, 0.25), (0.17, 0.25), (0.17, height)])
    if shop.chance(0.5):
        return body.add(
            fitting.appliance,
            shop.box((width, 0.46, 0.09), (width / 2, -0.24, 0)),
            shop.box((0.28, 0.26, height), (width / 2, -0.14, 0.05)),
        )
    return body.add(fitting.appliance, slope.scaled(0.7, 0.55, 1).moved(width / 2, -0.24, 0))


def basin(shop: Workshop, *, width: float = 0.55) -> Body:
    """A steel sink let into the worktop, with its tap."""
    body = Body(part=Part(label="sink", thing="sink"))
    z = BASE_HEIGHT + TOP_THICKNESS
    rim = [shop.box((width, 0.03, 0.01), (width / 2, y, z)) for y in (-0.12, -0.52)]
    rim += [shop.box((0.03, 0.4, 0.01), (x, -0.32, z)) for x in (0.015, width - 0.015)]
    body.add(STEEL, *rim, shop.box((width, 0.4, 0.004), (width / 2, -0.32, z)))
    body.add(BLACK_METAL, shop.cylinder(0.025, 0.006).moved(width / 2, -0.32, z + 0.003))
    spout = [
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 0.24),
        (0.0, -0.05, 0.3),
        (0.0, -0.13, 0.3),
        (0.0, -0.17, 0.25),
        (0.0, -0.17, 0.21),
    ]
    return body.add(
        CHROME,
        shop.tube(spout, 0.012).moved(width / 2, -0.07, z),
        shop.cylinder(0.025, 0.05).moved(width / 2, -0.07, z),
    )


def refrigerator(
    shop: Workshop, shell: Material, *, width: float = 0.7, height: float = 1.8, side_by_side: bool = False
) -> Body:
    """Free-standing."""
    body = Body(part=Part(label="refrigerator", thing="refrigerator"))
    depth = 0.66
    body.add(shell, shop.box((width, depth - 0.06, height - 0.03), (width / 2, -depth / 2 + 0.03, 0.03), radius=0.01))
    if side_by_side:
        for x in (width / 4, 3 * width / 4):
            body.add(shell, shop.box((width / 2 - 0.006, 0.06, height - 0.07), (x, -depth + 0.03, 0.06), radius=0.016))
            handle_x = width / 2 + (0.035 if x > width / 2 else -0.035)
            body.add(STEEL, shop.box((0.022, 0.035, 0.8), (handle_x, -depth - 0.03, 0.6), radius=0.008))
        return body
    split = height * shop.between(0.55, 0.7)
    doors = ((0.06, split - 0.005), (split + 0.005, height - 0.01))
    for low, high in doors:
        body.add(shell, shop.box((width, 0.06, high - low), (width / 2, -depth + 0.03, low), radius=0.016))
        start = high - 0.5 if low < 0.5 else low + 0.08
        body.add(STEEL, shop.box((0.022, 0.035, 0.35), (0.06, -depth - 0.03, start), radius=0.008))
    return body


def dishwasher(shop: Workshop, fitting: Fitting) -> Body:
    """Free-standing under the worktop."""
    body = Body(part=Part(label="dishwasher", thing=""))
    body.add(
        fitting.appliance, shop.box((0.6, BASE_DEPTH, BASE_HEIGHT - 0.08), (0.3, -BASE_DEPTH / 2, 0.08), radius=0.005)
    )
    return body.add(STEEL, shop.box((0.44, 0.03, 0.02), (0.3, -BASE_DEPTH - 0.025, 0.72), radius=0.006))


def microwave(shop: Workshop, fitting: Fitting) -> Body:
    """Standing on something at z = 0."""
    body = Body(part=Part(label="microwave", thing=""))
    body.add(fitting.appliance, shop.box((0.48, 0.36, 0.28), (0, -0.2, 0), radius=0.008))
    return body.add(SCREEN, shop.box((0.33, 0.01, 0.22), (-0.05, -0.383, 0.03)))


def island(
    shop: Workshop, fitting: Fitting, panel: Material, *, length: float = 1.8, depth: float = 0.95
) -> tuple[Body, Body]:
    """A free block with cupboards towards −y and an overhanging top; its middle at the origin."""
    block = Body(part=Part(label="kitchen island", thing="counter"))
    inner = depth - 0.3
    block.add(panel, shop.box((length - 0.06, inner, BASE_HEIGHT), (0, -0.12 + 0.0, 0)))
    count = max(2, round(length / 0.6))
    for number in range(count):
        x = -length / 2 + 0.03 + (length - 0.06) * (number + 0.5) / count
        _door(
            shop,
            block,
            fitting,
            x=x,
            bottom=0.1,
            width=(length - 0.06) / count,
            height=BASE_HEIGHT - 0.1,
            y=-0.12 - inner / 2,
            handle=0.7,
        )
    top = Body(part=Part(label="countertop", thing="counter"))
    return block, top.add(fitting.worktop, shop.box((length, depth, 0.045), (0, 0, BASE_HEIGHT), radius=0.01))


def _door(
    shop: Workshop,
    body: Body,
    fitting: Fitting,
    *,
    x: float,
    bottom: float,
    width: float,
    height: float,
    y: float,
    handle: float,
) -> None:
    """Adds a front with its handle `handle` metres above its lower edge."""
    dark = gap(fitting.front)
    body.add(dark, shop.box((width, 0.003, height), (x, y - 0.0005, bottom)))
    body.add(fitting.front, shop.box((width - 0.01, 0.02, height - 0.01), (x, y - 0.01, bottom + 0.005), radius=0.003))
    if fitting.shaker:
        bar = 0.06
        for side in (-1, 1):
            upright = (x + side * (width / 2 - bar / 2 - 0.005), y - 0.024, bottom + 0.005)
            body.add(fitting.front, shop.box((bar, 0.009, height - 0.01), upright, radius=0.002))
        for z in (bottom + 0.005, bottom + height - bar - 0.005):
            body.add(fitting.front, shop.box((width - 2 * bar, 0.009, bar), (x, y - 0.024, z), radius=0.002))
        wide, high = width - 2 * bar - 0.01, height - 2 * bar - 0.01
        if wide > 0.06 and high > 0.06:  # a shadow line around the panel
            body.add(dark, shop.box((wide, 0.003, high), (x, y - 0.0205, bottom + bar + 0.005)))
            panel = shop.box((wide - 0.016, 0.004, high - 0.016), (x, y - 0.022, bottom + bar + 0.013))
            body.add(fitting.front, panel)
    low = bottom + min(handle, height - 0.15)
    body.add(fitting.handle, shop.box((0.014, 0.018, 0.13), (x + width / 2 - 0.045, y - 0.045, low - 0.02)))
