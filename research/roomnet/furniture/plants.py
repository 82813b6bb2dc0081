"""House plants."""

import numpy as np

from research.roomnet.scene.material import Material, Texture, srgb
from research.roomnet.scene.mesh import Mesh, joined
from research.roomnet.scene.scene import Body, Part
from research.roomnet.scene.solids import sheet
from research.roomnet.scene.workshop import Workshop

SOIL = Material(colour=(0.035, 0.025, 0.018), size=(0.03, 0.03), detail=(0.8, 0.0), specular=0.0, bump=0.004)


def foliage(colour: str, seed: int) -> Material:
    """Leaf green, or what `colour` (`#rrggbb`) says; light shines through."""
    base = srgb(colour)
    return Material(
        texture=Texture.LEAF,
        seed=seed,
        colour=base,
        second=(min(base[0] * 1.9, 1), min(base[1] * 1.6, 1), min(base[2] * 1.5, 1)),
        roughness=0.42,
        specular=0.035,
        translucency=0.3,
    )


def leaf(shop: Workshop, length: float, width: float, *, droop: float, cup: float = 0.25) -> Mesh:
    """Grows from the origin along +y and up, then arches over; texture 0–1 across and along."""
    along, across = (11, 5) if shop.fine else (5, 3)
    t, s = np.meshgrid(np.linspace(0, 1, along), np.linspace(-1, 1, across), indexing="ij")
    outline = np.sin(np.pi * t**0.75) ** 0.8 * (1 - 0.25 * t)
    x = width / 2 * s * outline
    angle = 1.05 - droop * t
    step = length / (along - 1)
    y = np.cumsum(np.cos(angle) * step, axis=0) - np.cos(angle[0]) * step
    z = (
        np.cumsum(np.sin(angle) * step, axis=0)
        - np.sin(angle[0]) * step
        + cup * width * outline * (np.abs(s) ** 1.5 - 0.3)
    )
    return sheet(np.stack([x, y, z], axis=2), np.stack([(s + 1) / 2, t], axis=2))


def pot(shop: Workshop, *, radius: float, height: float) -> Mesh:
    """Tapered, with a lip; open above."""
    r, h = radius, height
    return shop.lathe(
        [
            (0, 0),
            (0.72 * r, 0),
            (0.72 * r, 0.0),
            (0.95 * r, 0.86 * h),
            (r, 0.86 * h),
            (r, h),
            (0.93 * r, h),
            (0.88 * r, 0.84 * h),
        ]
    )


def bushy_plant(
    shop: Workshop, green: Material, vessel: Material, *, height: float = 1.2, leaves: int = 34, pot_height: float = 0.3
) -> Body:
    """A rubber tree or a fig: large leaves on two or three stems out of a pot."""
    body = Body(part=Part(label="plant", thing="plant"))
    radius = 0.55 * pot_height
    body.add(vessel, pot(shop, radius=radius, height=pot_height))
    body.add(SOIL, shop.cylinder(0.9 * radius, 0.01).moved(z=0.84 * pot_height))
    blades: list[Mesh] = []
    stems: list[Mesh] = []
    rng = shop.rng
    for _ in range(3):
        lean = rng.normal(0, 0.13, 2) * height
        top = height * rng.uniform(0.75, 1.0)
        points = [
            (float(lean[0] * t**1.5), float(lean[1] * t**1.5), pot_height * 0.8 + (top - pot_height * 0.8) * t)
            for t in np.linspace(0, 1, 6)
        ]
        stems.append(shop.tube(points, 0.009))
        turn = rng.uniform(0, 360)
        for number in range(leaves // 3):
            t = 0.22 + 0.78 * (number + 1) / (leaves // 3)
            size = height * rng.uniform(0.2, 0.28) * (1.15 - 0.55 * t)
            blade = leaf(shop, size, size * rng.uniform(0.42, 0.55), droop=float(rng.uniform(0.9, 2.1)))
            turn += 137.5 + rng.normal(0, 14)
            x, y = float(lean[0] * t**1.5), float(lean[1] * t**1.5)
            blades.append(blade.turned(float(turn)).moved(x, y, pot_height * 0.8 + (top - pot_height * 0.8) * t))
    return body.add(Material(colour=(0.12, 0.1, 0.05), specular=0.02), *stems).add(green, joined(blades))


def grassy_plant(
    shop: Workshop,
    green: Material,
    vessel: Material,
    *,
    height: float = 0.5,
    leaves: int = 26,
    pot_height: float = 0.16,
) -> Body:
    """A spider plant or a small palm: long leaves from one heart."""
    body = Body(part=Part(label="plant", thing="plant"))
    radius = 0.6 * pot_height
    body.add(vessel, pot(shop, radius=radius, height=pot_height))
    body.add(SOIL, shop.cylinder(0.9 * radius, 0.01).moved(z=0.84 * pot_height))
    rng = shop.rng
    blades = [
        leaf(
            shop,
            height * rng.uniform(0.8, 1.3),
            height * rng.uniform(0.06, 0.1),
            droop=float(rng.uniform(0.6, 2.3)),
            cup=0.4,
        )
        .turned(float(137.5 * number + rng.normal(0, 20)))
        .moved(z=0.82 * pot_height)
        for number in range(leaves)
    ]
    return body.add(green, joined(blades))
