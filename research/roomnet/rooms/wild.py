"""Rooms in materials that nobody would choose, so that shape counts for more than colour (domain randomisation).

Tobin et al., "Domain Randomization for Transferring Deep Neural Networks from Simulation to the Real World", 2017.
"""

from dataclasses import replace
from typing import Final

from research.roomnet.rooms import patterns
from research.roomnet.rooms.plan import Plan
from research.roomnet.scene.material import Material, Texture

SHARE: Final = 0.22
"""Of all rooms."""

_KEPT: Final = frozenset({Texture.LEAF, Texture.LANDSCAPE, Texture.ABSTRACT, Texture.ORIENTAL})
"""Textures whose coordinates are not metres."""

_SMOOTH: Final = 0.145
"""Mirrors, chrome, panes and screens are smoother than this."""


def repaint(plan: Plan) -> None:
    """Gives about half of the room's materials another look; each stays one material wherever it is used."""
    shop = plan.shop
    share, looks = shop.between(0.2, 0.8), dict[Material, Material]()
    for body in plan.scene.bodies:
        for number, (mesh, old) in enumerate(body.pieces):
            if old not in looks:
                looks[old] = _another(plan, old) if _may_change(old) and shop.chance(share) else old
            body.pieces[number] = (mesh, looks[old])


def _may_change(old: Material) -> bool:
    return not (old.clear or any(old.emission) or old.texture in _KEPT or old.roughness < _SMOOTH)


def _another(plan: Plan, old: Material) -> Material:
    shop = plan.shop
    if shop.chance(0.5):  # the same stuff in other colours
        colours = [patterns.any_colour(shop) for _ in range(3)]
        return replace(old, colour=colours[0], second=old.second and colours[1], third=old.third and colours[2])
    return replace(patterns.loud(shop), translucency=old.translucency)
