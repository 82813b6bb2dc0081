"""The numbers between a photo's maps and its regions, all of them, with meaning, range and origin.

Chosen on half A of the unlabelled photos (names with even numbers) and on the labelled ones; half B never decides.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CellParameters:
    """How a photo is split, and what counts as an edge in it."""

    side: float = 1 / 64
    """Side of a marker's square in long sides, 1/100 to 1/40: as fine as thin frames, at some 3,000 cells."""
    least_side: int = 4
    """Pixels of that side at least: of smaller ones a cell holds nothing to average."""
    noise: float = 1.6
    """Edge strength of a photo's grain, as a multiple of the median strength; 1 to 3."""
    noise_range: tuple[float, float] = (0.5, 2.2)
    """ΔE a pixel between which it is held: a wall of text has strong medians and no grain."""
    edge: float = 1.6
    """How many times the noise an edge is at which `soft` falls to 0.6; 1 to 3."""
    colour: float = 9.0
    """ΔE between two cells' colours at which it does; 4 to 12. Light changes less over a cell."""
    lightness: float = 0.6
    """What a difference of L* counts in that; 0.3 to 1: shading changes lightness, paint all three."""


@dataclass(frozen=True, kw_only=True)
class RegionParameters:
    """What a map is worth against the photo's edges, and which part may be painted."""

    side: int = 1024
    """Long side in pixels that regions are found at; larger photos take them over from there."""
    unit: float = 1 / 128
    """Long sides of a pixel of the small networks behind the maps: areas and lengths are counted in these."""
    trust: float = 0.6
    """Weight of a map's log-probability, 0.2 to 1: neighbouring pixels of a network do not err independently."""
    uniform: float = 0.03
    """Probability spread over all labels whatever the map says; 0.01 to 0.1."""
    smoothness: float = 5.0
    """λ of the first cut, 2 to 8: higher joins more, and swallows what is thin."""
    kinds: float = 60.0
    """λ of the second one, 20 to 100: a thing is of one kind, whatever part of it was called otherwise."""
    rest: float = 0.02
    """Cost of a border on an edge against that of one in the open, 0 to 0.1: keeps noise from making regions."""
    gain: float = 12.0
    """What painting all of a photo wins where it is wholly trusted, 6 to 20, in long sides of soft border."""
    trusted_structure: float = 0.70
    """Mean trust from which a part of wall, floor or ceiling wins, 0.5 to 0.9: a mistake takes a whole surface."""
    trusted_thing: float = 0.45
    """The same for things: the colour of one fabric suits another thing as well."""
    soft_border: float = 1.5
    """What a long side of paint's end without an edge costs; 0.5 to 3."""
    even: float = 0.006
    """Deviation, in long sides, of the vote that evens borders out where no edge guides them."""


@dataclass(frozen=True, kw_only=True)
class FallbackParameters:
    """Guesses where no map came; rows, in shares of the height, are where a surface mostly is and what it may reach."""

    side: int = 192
    """Long side in pixels; colours of surfaces need no more."""
    ceiling: tuple[float, float, float, float] = (0.0, 0.08, 0.0, 0.35)
    floor: tuple[float, float, float, float] = (0.9, 1.0, 0.55, 1.0)
    wall: tuple[float, float, float, float] = (0.2, 0.5, 0.0, 0.85)
    like: float = 11.0
    """Distance in L*a*b*, lightness counted half, at which a colour is still the surface's; 8 to 15."""
    kept: float = 0.97
    """Share of a surface that must lie within its rows, 0.9 to 1: what goes on beyond has run into another."""
    confidence: float = 0.75
    """Of all that is guessed: just above `trusted_structure`, so that one soft border more leaves it as it is."""


FALLBACK: Final = FallbackParameters()
CELLS: Final = CellParameters()
REGIONS: Final = RegionParameters()
