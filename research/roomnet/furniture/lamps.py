"""Lamps, lit or not; a lit one comes with the light that it gives."""

from research.roomnet.furniture.finishes import WHITE_PAINT
from research.roomnet.scene.light import Light, LightKind, Point
from research.roomnet.scene.material import Colour, Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

WARM: Colour = (1.0, 0.62, 0.3)
"""About 2,900 K, where daylight is white."""


def bulb(at: Point, *, radius: float = 0.05, power: float = 60.0, colour: Colour = WARM) -> Light:
    """A glowing sphere; `power` is its radiance at radius 5 cm."""
    level = power * (0.05 / radius) ** 2
    radiance = (level * colour[0], level * colour[1], level * colour[2])
    return Light(kind=LightKind.SPHERE, corner=at, radius=radius, radiance=radiance)


def glow(light: Light) -> Material:
    """The look of a bulb that gives this light."""
    return Material(colour=(0.0, 0.0, 0.0), specular=0.0, emission=light.radiance, detail=(0.0, 0.0))


def shaded_lamp(
    shop: Workshop,
    shade: Material,
    foot: Material,
    *,
    height: float,
    shade_height: float,
    lower: float,
    upper: float,
    base: float,
) -> Body:
    """A floor lamp with a cloth shade that is open above and below."""
    body = Body(part=Part(label="lamp", thing="lamp"))
    bottom = height - shade_height
    body.add(
        shade,
        shop.lathe(
            [(lower, bottom), (upper, height), (upper, height), (upper - 0.003, height), (lower - 0.003, bottom)]
        ),
    )
    rims = [
        shop.lathe([(r - 0.004, z - 0.006), (r + 0.002, z - 0.006), (r + 0.002, z + 0.006), (r - 0.004, z + 0.006)])
        for r, z in ((lower, bottom + 0.006), (upper, height - 0.006))
    ]
    body.add(foot, *rims)
    stand = [
        (0, 0.0),
        (base, 0.0),
        (base, 0.0),
        (base, 0.018),
        (base * 0.9, 0.028),
        (0.02, 0.04),
        (0.011, 0.08),
        (0.011, bottom),
    ]
    return body.add(foot, shop.lathe([*stand, (0.018, bottom + 0.01), (0.018, bottom + 0.06), (0.0, bottom + 0.06)]))


def floor_lamp(shop: Workshop, shade: Material, foot: Material, *, height: float = 1.55) -> Body:
    """Beside a sofa."""
    return shaded_lamp(shop, shade, foot, height=height, shade_height=0.27, lower=0.215, upper=0.165, base=0.14)


def table_lamp(shop: Workshop, shade: Material, foot: Material, *, height: float = 0.46) -> Body:
    """A turned foot under a shade."""
    body = Body(part=Part(label="lamp", thing="lamp"))
    top = height - 0.2
    body.add(shade, shop.lathe([(0.15, top), (0.1, height), (0.1, height), (0.098, height), (0.148, top)]))
    belly = [(0, 0), (0.065, 0), (0.065, 0), (0.065, 0.015), (0.04, 0.03), (0.07, 0.09), (0.075, 0.13), (0.05, 0.18)]
    return body.add(
        foot,
        shop.lathe(
            [*[(r, z * top / 0.26) for r, z in belly], (0.014, 0.85 * top), (0.014, top + 0.05), (0, top + 0.05)]
        ),
    )


def bulb_in_shade(x: float, y: float, height: float, *, shade_height: float, power: float) -> Light:
    """The light of a shaded lamp that stands at (x, y) with its top at `height`."""
    return bulb((x, y, height - 0.5 * shade_height), radius=0.035, power=power)


def pendant(shop: Workshop, shade: Material, cord: Material, *, drop: float, radius: float = 0.2) -> Body:
    """Hangs from z = 0 by `drop` metres to its lower rim."""
    body = Body(part=Part(label="light", thing="lamp"))
    height = 0.8 * radius
    outline = [(radius, -drop), (0.92 * radius, -drop + 0.3 * height), (0.6 * radius, -drop + 0.75 * height)]
    body.add(shade, shop.lathe([*outline, (0.12 * radius, -drop + height), (0.03, -drop + height)]))
    return body.add(
        cord, shop.cylinder(0.004, drop - height).moved(z=-drop + height), shop.cylinder(0.05, 0.03).moved(z=-0.03)
    )


def ceiling_bowl(shop: Workshop, glass: Material, *, radius: float = 0.18) -> Body:
    """A shallow bowl under z = 0."""
    body = Body(part=Part(label="light", thing="lamp"))
    outline = [(0, -0.11), (0.45 * radius, -0.1), (0.8 * radius, -0.07), (radius, -0.02), (radius, 0)]
    return body.add(glass, shop.lathe(outline)).add(WHITE_PAINT, shop.cylinder(radius * 1.05, 0.015).moved(z=-0.015))


def ceiling_fan(
    shop: Workshop,
    blade: Material,
    metal: Material,
    glass: Material | None,
    *,
    drop: float = 0.3,
    radius: float = 0.6,
    blades: int = 5,
) -> Body:
    """Hangs from z = 0; `glass` of a bowl under its hub, if it has one."""
    body = Body(part=Part(label="fan"))
    hub = shop.cylinder(0.11, 0.13).moved(z=-drop - 0.13)
    body.add(metal, hub, shop.cylinder(0.015, drop).moved(z=-drop), shop.cylinder(0.07, 0.04).moved(z=-0.04))
    one = shop.box((radius - 0.1, 0.13, 0.012), ((radius + 0.1) / 2, 0, 0)).turned(10, "x").moved(z=-drop - 0.07)
    body.add(blade, *(one.turned(360 * number / blades) for number in range(blades)))
    if glass:
        bowl = shop.lathe([(0, -0.12), (0.08, -0.1), (0.13, -0.04), (0.14, 0)])
        body.add(glass, bowl.moved(z=-drop - 0.13))
    return body
