"""Sofas, armchairs, chairs and stools."""

from research.roomnet.furniture.finishes import CHROME
from research.roomnet.scene.material import Material
from research.roomnet.scene.mesh import Mesh
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop


def sofa(
    shop: Workshop,
    cover: Material,
    legs: Material,
    *,
    width: float = 2.1,
    depth: float = 0.92,
    seats: int = 3,
    arm: float = 0.2,
    seat_height: float = 0.43,
    back_height: float = 0.84,
    arm_height: float = 0.6,
    part: Part | None = None,
) -> Body:
    """Upholstered, with loose seat and back cushions; the back of it at y = 0."""
    body = Body(part=part or Part(label="sofa", thing="sofa"))
    cushion = 0.17
    base = seat_height - cushion
    inside = width - 2 * arm
    each = inside / seats
    meshes = [shop.upholstery((width - 0.02, depth - 0.05, base - 0.1), (0, -depth / 2, 0.1), radius=0.03, crown=0.0)]
    back_thickness = 0.2
    meshes.append(
        shop.upholstery(
            (width - 0.04, back_thickness, back_height - 0.14), (0, -back_thickness / 2, 0.12), radius=0.07, crown=0.02
        )
    )
    for side in (-1, 1):
        at = (side * (width - arm) / 2, -depth / 2, 0.1)
        meshes.append(shop.upholstery((arm, depth, arm_height - 0.1), at, radius=0.075, crown=0.015))
    for seat in range(seats):
        x = -inside / 2 + each * (seat + 0.5)
        seat_depth = depth - back_thickness + shop.between(-0.005, 0.012)
        at = (x, -back_thickness - seat_depth / 2 - 0.01, base - 0.005)
        meshes.append(shop.upholstery((each - 0.008, seat_depth, cushion), at, radius=0.055, crown=0.028))
        back = shop.upholstery(
            (each - 0.015, 0.19, back_height - seat_height + 0.05), (0, 0, 0), radius=0.085, crown=0.035
        )
        lean = shop.between(0.2, 0.26)
        meshes.append(back.sheared(y_by_z=lean).moved(x, -back_thickness - 0.16, seat_height - 0.02))
    body.add(cover, *meshes)
    return body.add(legs, *_four_legs(shop, width - 0.16, depth - 0.14, 0.12, 0.028, y=-depth / 2))


def lengthened(
    shop: Workshop,
    sofa: Body,
    cover: Material,
    legs: Material,
    *,
    middle: float,
    width: float,
    depth: float,
    by: float,
    seat_height: float = 0.43,
) -> Body:
    """A sofa with one seat, `middle` metres from its own, that goes on into the room: a chaise longue."""
    base = seat_height - 0.17
    box = shop.upholstery((width, by + 0.04, base - 0.1), (middle, -depth - by / 2, 0.1), radius=0.03, crown=0.0)
    seat = shop.upholstery((width, by + 0.1, 0.17), (middle, 0.04 - depth - by / 2, base - 0.005), crown=0.028)
    feet = [shop.cylinder(0.02, 0.12, 0.028).moved(middle + x * (width / 2 - 0.1), 0.1 - depth - by) for x in (-1, 1)]
    return sofa.add(cover, box, seat).add(legs, *feet)


def armchair(shop: Workshop, cover: Material, legs: Material, *, width: float = 0.84) -> Body:
    """A sofa for one."""
    return sofa(
        shop,
        cover,
        legs,
        width=width,
        depth=0.86,
        seats=1,
        arm=0.155,
        seat_height=0.43,
        back_height=0.88,
        arm_height=0.6,
        part=Part(label="armchair", thing="armchair"),
    )


def wing_chair(shop: Workshop, cover: Material, legs: Material) -> Body:
    """A wooden-framed easy chair: open arms, sloping back, two loose cushions."""
    body = Body(part=Part(label="armchair", thing="armchair"))
    for side in (-0.31, 0.31):
        arm = [(side, -0.76, 0.57), (side, -0.5, 0.595), (side, -0.2, 0.57), (side, -0.06, 0.55)]
        bars = [
            shop.box((0.055, 0.74, 0.03), (side, -0.42, 0.57), radius=0.012),
            shop.box((0.042, 0.042, 0.56), (side, -0.72, 0.015), radius=0.01),
            shop.box((0.042, 0.042, 0.86), (side, 0.04, 0.0), radius=0.01).sheared(y_by_z=0.16).moved(0, -0.17, 0),
            shop.box((0.03, 0.64, 0.06), (side, -0.4, 0.22), radius=0.008),
        ]
        body.add(legs, *bars, shop.tube([(x, y, z - 0.02) for x, y, z in arm], 0.008))
    body.add(legs, shop.box((0.6, 0.04, 0.07), (0, -0.71, 0.22), radius=0.008))
    seat = shop.upholstery((0.57, 0.6, 0.14), (0, -0.44, 0.29), radius=0.05, crown=0.03).sheared()
    back = shop.upholstery((0.57, 0.15, 0.6), (0, 0, 0), radius=0.06, crown=0.02).sheared(y_by_z=0.3)
    return body.add(cover, seat, back.moved(0, -0.2, 0.36))


def chair(shop: Workshop, frame: Material, seat: Material, *, slats: int = 3, padded: bool = True) -> Body:
    """For a dining table; the middle of its seat at the origin."""
    body = Body(part=Part(label="chair", thing="chair"))
    bars = []
    for side in (-0.19, 0.19):
        bars.append(shop.box((0.035, 0.035, 0.44), (side, -0.19, 0), radius=0.006))
        bars.append(shop.box((0.035, 0.032, 0.92), (side, 0.19, 0), radius=0.006).sheared(y_by_z=0.07))
        bars.append(shop.box((0.022, 0.36, 0.05), (side, 0.0, 0.37), radius=0.004))
    bars.append(shop.box((0.36, 0.022, 0.05), (0, -0.19, 0.37), radius=0.004))
    for number in range(slats):
        height = 0.56 + 0.3 * number / max(slats - 1, 1)
        bars.append(shop.box((0.36, 0.02, 0.07), (0, 0.19 + 0.07 * height, height - 0.035), radius=0.006))
    body.add(frame, *bars)
    if padded:
        return body.add(seat, shop.upholstery((0.42, 0.41, 0.055), (0, 0, 0.43), radius=0.025, crown=0.015))
    return body.add(frame, shop.box((0.43, 0.42, 0.025), (0, 0, 0.435), radius=0.01))


def shell_chair(shop: Workshop, shell: Material, legs: Material) -> Body:
    """A moulded seat on four splayed legs."""
    body = Body(part=Part(label="chair", thing="chair"))
    body.add(shell, shop.upholstery((0.46, 0.43, 0.05), (0, 0, 0.42), radius=0.024, crown=0.0))
    back = shop.upholstery((0.44, 0.045, 0.38), (0, 0, 0), radius=0.022, crown=0.0).sheared(y_by_z=0.2)
    body.add(shell, back.moved(0, 0.18, 0.46))
    corners = [(x, y) for x in (-1, 1) for y in (-1, 1)]
    tubes = [shop.tube([(0.13 * x, 0.12 * y, 0.43), (0.23 * x, 0.21 * y, 0.0)], 0.013) for x, y in corners]
    return body.add(legs, *tubes)


def swivel_chair(shop: Workshop, cover: Material, base: Material) -> Body:
    """For a desk, on five castors."""
    body = Body(part=Part(label="swivel chair", thing="chair"))
    body.add(cover, shop.upholstery((0.49, 0.48, 0.09), (0, 0, 0.44), radius=0.04, crown=0.015))
    back = shop.upholstery((0.46, 0.08, 0.58), (0, 0, 0), radius=0.036, crown=0.01).sheared(y_by_z=0.14)
    body.add(cover, back.moved(0, 0.23, 0.56))
    spokes: list[Mesh] = [
        shop.cylinder(0.03, 0.36).moved(z=0.08),
        shop.tube([(0, 0.1, 0.45), (0, 0.29, 0.47), (0, 0.3, 0.75)], 0.02),
    ]
    for number in range(5):
        arm = shop.box((0.045, 0.3, 0.03), (0, 0.15, 0.07), radius=0.008).turned(72 * number)
        spokes += [arm, shop.ball(0.03).moved(0, 0.28, 0.032).turned(72 * number)]
    for side in (-0.27, 0.27):
        spokes += [
            shop.box((0.05, 0.25, 0.03), (side, 0, 0.66), radius=0.01),
            shop.box((0.03, 0.04, 0.2), (side, 0.03, 0.47)),
        ]
    return body.add(base, *spokes)


def stool(shop: Workshop, seat: Material, legs: Material, *, height: float = 0.66) -> Body:
    """For a bar or an island."""
    body = Body(part=Part(label="stool", thing="stool"))
    body.add(seat, shop.cylinder(0.17, 0.05, 0.165).moved(z=height - 0.05))
    corners = [(x, y) for x in (-1, 1) for y in (-1, 1)]
    tubes = [shop.tube([(0.1 * x, 0.1 * y, height - 0.03), (0.17 * x, 0.17 * y, 0.0)], 0.013) for x, y in corners]
    ring = [(0.15, 0.15, 0.22), (-0.15, 0.15, 0.22), (-0.15, -0.15, 0.22), (0.15, -0.15, 0.22), (0.15, 0.15, 0.22)]
    return body.add(legs, *tubes, shop.tube([(x, y, z) for x, y, z in ring], 0.009))


def ottoman(shop: Workshop, cover: Material) -> Body:
    """A padded footstool."""
    body = Body(part=Part(label="ottoman", thing="stool"))
    body.add(cover, shop.upholstery((0.6, 0.6, 0.36), (0, 0, 0.04), radius=0.05, crown=0.03))
    return body.add(CHROME, *_four_legs(shop, 0.46, 0.46, 0.05, 0.02))


def bench(shop: Workshop, wood: Material, *, width: float = 1.1) -> Body:
    """Plain, wooden."""
    body = Body(part=Part(label="bench", thing="bench"))
    body.add(wood, shop.box((width, 0.34, 0.035), (0, 0, 0.42), radius=0.006))
    for side in (-1, 1):
        body.add(wood, shop.box((0.035, 0.3, 0.42), (side * (width / 2 - 0.1), 0, 0)))
    return body


def scatter_cushion(shop: Workshop, cover: Material, *, size: float = 0.45, lean: float = 70.0) -> Body:
    """Propped up: the middle of its lower edge at the origin, its face towards −y."""
    cushion = shop.pillow(size, size, 0.36 * size).turned(lean, "x").moved(z=0.46 * size)
    return Body(part=Part(label="cushion", thing="cushion")).add(cover, cushion)


def _four_legs(
    shop: Workshop, width: float, depth: float, height: float, radius: float, *, y: float = 0.0
) -> list[Mesh]:
    corners = [(x, side) for x in (-1, 1) for side in (-1, 1)]
    leg = shop.cylinder(radius * 0.75, height, radius)
    return [leg.moved(x * width / 2, y + side * depth / 2, 0.0) for x, side in corners]
