"""Weather, time of day and the lamps that are on."""

import numpy as np

from research.roomnet.furniture import lamps
from research.roomnet.rooms import built_in
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.light import Light, LightKind, Point, Sky
from research.roomnet.scene.material import Colour, Material
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.workshop import Workshop

CLOSE = (0.5, 0.2, 0.14, 0.16)
"""How often nothing, a tree, a fence or the neighbours' wall stands right outside."""

LAMPLIGHT: tuple[Colour, ...] = ((1.0, 0.58, 0.26), (1.0, 0.7, 0.42), (1.0, 0.85, 0.66), (0.95, 0.97, 1.0))


def sky(shop: Workshop) -> Sky:
    """Sunny, overcast or dusk; gardens, streets, distance."""
    kind = shop.rng.random()
    level = 1.0
    if kind < 0.5:  # sun
        zenith, horizon = (1.6, 2.6, 4.6), (5.0, 5.8, 6.6)
        strength = shop.between(20, 60)
        warmth = shop.between(0.5, 0.85)
        sun = (strength, strength * (0.5 + 0.5 * warmth), strength * warmth)
    elif kind < 0.9:  # overcast
        tone = shop.between(3.0, 7.0)
        zenith, horizon, sun = (tone, tone, tone * 1.05), (tone * 0.8, tone * 0.82, tone * 0.85), (0.0, 0.0, 0.0)
    else:  # dusk
        zenith, horizon, sun, level = (0.02, 0.03, 0.07), (0.1, 0.08, 0.1), (0.0, 0.0, 0.0), 0.02
    aside = shop.aside()
    exposed = aside.rng.random()  # burnt out, blended as estate agents do so that the garden is seen, or neither
    low, high = (1.5, 5.0) if exposed < 0.12 else (0.015, 0.2) if exposed < 0.62 else (1.0, 1.0)
    glare = float(np.exp(aside.between(np.log(low), np.log(high))))
    return Sky(
        zenith=_times(zenith, glare),
        horizon=_times(horizon, glare),
        haze=_times(horizon, 0.75 * glare),
        ground=((0.14, 0.155, 0.085), (0.3, 0.28, 0.25), (0.2, 0.16, 0.1))[int(shop.rng.integers(3))],
        daylight=_times((8.0, 8.0, 7.6), level * glare),
        sun=sun,
        sun_heading=shop.between(0, 360),
        sun_height=shop.between(14, 60),
        sun_radius=shop.between(0.3, 2.5),
        skyline=shop.between(0.02, 0.6),
        houses=float(shop.chance(0.35)) * shop.between(0.3, 1.0),
        above_ground=shop.between(1.0, 9.0),
        seed=shop.seed(),
        close=int(aside.rng.choice(4, p=CLOSE)),
        glare=glare,
    )


def _times(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def lights(plan: Plan) -> None:
    """Ceiling lamps: always where there is no window, else every second time."""
    shop = plan.shop
    dark = not any(plan.windows.values()) or plan.scene.sky.daylight[0] < 1.0
    kind = shop.rng.random()
    colour = LAMPLIGHT[int(shop.rng.integers(len(LAMPLIGHT)))]
    lit = dark or shop.chance(0.45)
    x, y, top = plan.width / 2, plan.depth * shop.between(0.4, 0.65), plan.height + plan.rise
    if plan.low_sides:
        x, y = plan.width * 0.5, plan.depth * 0.4
    if dark or kind < 0.3:
        _bowl(plan, (x, y, top), colour, lit=lit)
    elif kind < 0.5 and top > 2.35:
        radius = shop.between(0.12, 0.28)
        drop = shop.between(0.35, min(1.0, top - 1.8))
        shade = (
            plan.taste.metal
            if shop.chance(0.5)
            else Material(colour=(0.75, 0.72, 0.66), translucency=0.3, specular=0.0)
        )
        cord = Material(colour=(0.05, 0.05, 0.05))
        plan.add(lamps.pendant(shop, shade, cord, drop=drop, radius=radius).placed(x, y, top))
        if lit:
            bulb = lamps.bulb(
                (x, y, top - drop + 0.3 * radius), radius=0.045, power=shop.between(25, 70), colour=colour
            )
            _add_bulb(plan, bulb)
    elif kind < 0.68 and not plan.rise:
        _downlights(plan, colour, lit=lit)
    elif kind < 0.84 and not plan.low_sides:
        built_in.fan(plan, x, y, top)
    if shop.chance(0.25):  # a photographer's flash, bounced
        level = shop.between(0.6, 2.5)
        flash = Light(
            kind=LightKind.RECTANGLE,
            corner=(0.1, 0.1, plan.height - 0.02),
            edge_u=(0.0, 0.9, 0.0),
            edge_v=(plan.width - 0.2, 0.0, 0.0),
            radiance=(level, level, level),
        )
        plan.scene.lights.append(flash)


def _bowl(plan: Plan, at: Point, colour: Colour, *, lit: bool) -> None:
    shop, (x, y, top) = plan.shop, at
    radius = shop.between(0.13, 0.22)
    power = shop.between(3.0, 9.0)
    radiance = (power * colour[0], power * colour[1], power * colour[2])
    glass = Material(colour=(0.8, 0.8, 0.77), emission=radiance if lit else (0.0, 0.0, 0.0), roughness=0.3)
    plan.add(lamps.ceiling_bowl(shop, glass, radius=radius).placed(x, y, top))
    if lit:
        plan.scene.lights.append(
            Light(kind=LightKind.SPHERE, corner=(x, y, top - 0.02), radius=radius * 1.06, radiance=radiance)
        )


def _downlights(plan: Plan, colour: Colour, *, lit: bool) -> None:
    shop = plan.shop
    body = Body(part=Part(label="light", thing="lamp"))
    power = shop.between(15, 45)
    radiance = (power * colour[0], power * colour[1], power * colour[2])
    glow = Material(colour=(0.7, 0.7, 0.7), emission=radiance if lit else (0.0, 0.0, 0.0))
    for along in (0.25, 0.5, 0.75) if plan.depth > 3.2 else (0.33, 0.67):
        for across in (0.3, 0.7) if plan.width > 2.2 else (0.5,):
            x, y = plan.width * across, plan.depth * along
            body.add(glow, shop.cylinder(0.04, 0.006).moved(x, y, plan.height - 0.006))
            if lit:
                plan.scene.lights.append(
                    Light(
                        kind=LightKind.RECTANGLE,
                        corner=(x - 0.035, y - 0.035, plan.height - 0.012),
                        edge_u=(0.0, 0.07, 0.0),
                        edge_v=(0.07, 0.0, 0.0),
                        radiance=radiance,
                    )
                )
    plan.add(body)


def _add_bulb(plan: Plan, bulb: Light) -> None:
    plan.scene.lights.append(bulb)
    ball = plan.shop.ball(bulb.radius).moved(*bulb.corner)
    plan.add(Body(part=Part(label="light")).add(lamps.glow(bulb), ball))


def add_table_light(plan: Plan, x: float, y: float, z: float, *, shade_height: float, power: float) -> None:
    """The bulb of a shaded lamp whose top is at z."""
    colour = LAMPLIGHT[int(plan.shop.rng.integers(3))]
    light = lamps.bulb_in_shade(x, y, z, shade_height=shade_height, power=power)
    tinted = (light.radiance[0], light.radiance[0] * colour[1], light.radiance[0] * colour[2])
    _add_bulb(plan, Light(kind=light.kind, corner=light.corner, radius=light.radius, radiance=tinted))
