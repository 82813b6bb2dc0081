"""Single surfaces in a colour or a material that the caller names; all else stays exactly as it is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from diffusion.lite.choice import Choice
from diffusion.lite.labels import Label
from diffusion.styles import Finish, Pattern
from servicekit.types.surfaces import SurfaceName

LABELS: Final = {name: Label[name.name] for name in SurfaceName}
_KINDS: Final = {SurfaceName.BED: "bedding"}
"""Where a choice has another word."""


def named(choice: Choice, surfaces: Mapping[SurfaceName, Finish], *, seed: int) -> Choice:
    """The choice with the finishes that the caller names, and nothing that depends on the style.

    What stands in for a finish that cannot be used gets the same colour: plain paint for cladding, wood for lacquer.
    """
    if not surfaces:
        return choice
    finishes = {_KINDS.get(name, name): finish for name, finish in surfaces.items()}
    if SurfaceName.WALL in surfaces:
        wall = surfaces[SurfaceName.WALL]
        finishes["paint"] = wall if wall.pattern is Pattern.PLAIN else _plain(wall)
    if SurfaceName.CABINET in surfaces:
        finishes["wood"] = surfaces[SurfaceName.CABINET]
    return replace(choice, seed=seed, **finishes)


def _plain(finish: Finish) -> Finish:
    return Finish(name=f"paint in the colour of {finish.name}", pattern=Pattern.PLAIN, color=finish.color)
