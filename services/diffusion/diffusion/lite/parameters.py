"""The numbers that were set by hand between a photo with its maps and its new look: meaning, range and origin.

Where a class says nothing else they were chosen on half A of the unlabelled photos (names with even numbers) and on the
labelled ones; half B never decides. How materials are drawn stands in `materials/`.
"""

from dataclasses import dataclass
from math import radians
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CellParameters:
    """How a photo is split, and what counts as an edge in it."""

    side: float = 1 / 64
    """Side of a marker's square in long sides, 1/100 to 1/40: as fine as thin frames, at some 3,000 cells."""
    least_side: int = 4
    """Pixels of that side at least: of smaller ones a cell holds nothing to average."""
    grain: float = 20.0
    """Difference of sRGB levels that the bilateral filter takes for grain or compression, 10 to 30."""
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
    smoothness: float = 8.0
    """λ of the first cut, 3 to 12: higher joins more, and swallows what is thin."""
    kinds: float = 60.0
    """λ of the second one, 20 to 100: a thing is of one kind, whatever part of it was called otherwise."""
    rest: float = 0.02
    """Cost of a border on an edge against that of one in the open, 0 to 0.1: keeps noise from making regions."""
    gain: float = 12.0
    """What painting all of a photo wins where it is wholly trusted, 6 to 20, in long sides of soft border."""
    trusted: float = 0.5
    """Mean trust from which a part is painted, 0.3 to 0.6: where it is more probable than not."""
    clipped: float = 97.0
    """L* from which a photo shows nothing but white, 94 to 99; a part that is mostly so is left."""
    alike: float = 0.3
    """What deciding differently on two things of one kind and colour costs, in what painting the smaller one wins; 0.1
    to 1: less leaves halves of kitchens, more takes what only has their colour."""
    soft_border: float = 1.2
    """What a long side of paint's end without an edge costs, 0.6 to 2.4: it fades, and less paint ends so."""


@dataclass(frozen=True, kw_only=True)
class CorrectionParameters:
    """How far around a place goes what somebody says of it; costs are those of `-log soft` between cells.

    Chosen on the labelled photos: by what up to five taps on the largest mistake leave, and how few make it worse.
    """

    shading: float = 0.2
    """Cost of a border that is nothing but shading or grain, 0.1 to 0.5."""
    step: float = 0.15
    """Cost of every border beside that, 0.05 to 0.5: with `reach` it says how far a place speaks where no edge is."""
    reach: float = 2.0
    """Cost up to which cells are of the region, 1 to 3: an edge of the photo costs as much."""


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
    """Of all that is guessed: above `trusted`, so that one soft border more leaves it as it is."""


@dataclass(frozen=True, kw_only=True)
class SolverParameters:
    """How long the Potts energies are worked on; found on cells of half A against many more rounds."""

    rounds: int = 24
    """Of messages, 12 to 60: the energy falls by less than 0.1 % after them."""
    damping: float = 0.4
    """Share of the old message that stays, 0.2 to 0.7: 0 swings on graphs with short loops, 1 stands still."""
    sweeps: int = 8
    """Of moves at most; most graphs are at rest after four."""


@dataclass(frozen=True, kw_only=True)
class FadingParameters:
    """How paint ends where the photo shows no edge; on half A, so that what goes of the steps that the photo has itself
    stays below a twentieth.
    """

    side: int = 384
    """Long side in pixels at which masks are filtered, 256 to 512: finer shows no more."""
    reach: float = 0.02
    """Deviation of the fading in long sides, 0.01 to 0.03: wider is softer, and veils thin things."""
    stop: float = 0.9
    """Share of an edge, as CellParameters.edge has it, that stops it, 0.6 to 1: less keeps fainter ones, and noise."""
    steepness: float = 8.0
    """Exponent of that, 4 to 20: between an edge and none there is little."""
    gain: float = 4.0
    """How many times what the filter moved counts, 3 to 6: it fades wholly from a quarter of the paint on."""


@dataclass(frozen=True, kw_only=True)
class CanvasParameters:
    """Paint's end, and what is told of it."""

    feather: float = 1.5
    """Width in pixels, at a long side of 1024, over which paint ends; 1 to 3, as wide as lenses blur."""
    noted: float = 0.002
    """Share of the picture from which the manifest tells what was left alone."""
    assumed_confidence: float = 0.75
    """Of a segmentation that came without a confidence map; 0.7 to 0.9, the accuracy of small networks."""


@dataclass(frozen=True, kw_only=True)
class CameraParameters:
    """The search for the camera; ranges are those of phones and listing photos, weights found on rendered rooms."""

    side: int = 480
    """Long side in pixels of the picture that is searched for lines."""
    lines: int = 120
    """Longest lines that vote, 60 to 200."""
    tolerance: float = radians(2.5)
    """A line that misses a vanishing point by this angle has a vote of 1/e; 1.5 to 4 degrees."""
    horizons: tuple[float, ...] = tuple(round(0.2 + 0.025 * step, 3) for step in range(21))
    """Rows tried, in shares of the height."""
    usual_horizon: float = 0.45
    """0.4 to 0.5: people hold a camera a little below their eyes and level."""
    focals: tuple[float, ...] = (0.47, 0.6, 0.8, 1.05)
    """Focal lengths tried, in long sides: wide, phone, narrow."""
    usual_focal: float = 0.75
    """Of a phone's main camera: 26 mm on 36 mm."""
    turns: tuple[float, ...] = tuple(radians(angle) for angle in range(-44, 46, 2))
    """Directions of the room tried against the camera's."""
    eye_height: float = 1.45
    """Of the camera over the floor, metres; 1.2 to 1.6."""
    room_height: float = 2.6
    """From floor to ceiling, metres; 2.4 to 2.8. With `eye_height` it says where between the two the horizon runs."""
    heights: tuple[float, float] = (0.9, 1.8)
    """Metres between which a camera is held, squatting and standing: what is found beyond is an error."""
    least_columns: float = 0.05
    """Share of the columns that must show a wall from ceiling to floor for that to be asked."""
    least_certainty: float = 0.3
    """Share of line length that must agree, 0.2 to 0.5; below, a usual camera is taken."""


@dataclass(frozen=True, kw_only=True)
class BoxParameters:
    """What must be seen of the room's walls before bricks are drawn on them; found on rendered rooms."""

    side: int = 320
    """Long side in pixels of the labels that borders are read from."""
    least_points: int = 10
    """Columns whose border must lie on a wall for it to be one."""
    least_support: float = 0.7
    """Share of the border that the walls found must explain; 0.5 to 0.9."""
    near: float = 0.12
    """A border point lies on a wall within this share of its distance; 0.05 to 0.2."""
    far: float = 50.0
    """Metres to a wall that is not there."""
    deepest: float = 12.0
    """Metres to a wall in a room that people live in; beyond, a wall was missed and its pattern would be dust."""
    close_by: float = 0.08
    """Share of the picture's width within which a foot in sight vouches for the wall beside it."""


@dataclass(frozen=True, kw_only=True)
class GradeParameters:
    """The light of the whole picture; by eye, on photos of half A."""

    side: int = 128
    """Long side in pixels of the picture that is measured."""
    balance: float = 0.5
    """Share of a colour cast that is taken out, 0 to 1; the rest is the room's own light."""
    key: float = 0.3
    """Mean luminance of the brighter half of a well exposed room; 0.2 to 0.4."""
    most_lift: float = 1.6
    """An underexposed photo is not brightened further: what noise hides stays hidden."""
    pivot: float = 0.2
    """Luminance that contrast turns about: middle grey."""
    tone: float = 0.25
    """How much of the colour of the style's wall falls on all that is not white, 0 to 0.5: as its reflection in a room
    does. It holds together what is painted and what is not; more looks like a filter."""


@dataclass(frozen=True, kw_only=True)
class LightParameters:
    """Light parted from paint; by eye, on photos of half A."""

    darkest: float = 0.004
    """Luminance below which a reference says nothing: sensor noise would become paint."""
    samples: int = 20_000
    """Pixels that a reference is taken from, at most about."""
    side: int = 256
    """Long side in pixels at which the light's colour is averaged."""
    around: float = 0.04
    """Half the width of that neighbourhood in long sides, 0.02 to 0.1: lamps and windows tint broadly."""
    tint: float = 0.4
    """How much of the light's own colour stays on a repainted surface; 1 keeps all of it and with it what is left of
    the old paint, 0 makes lamplight grey."""
    strongest: float = 1.6
    """Ratio that a channel's tint may reach."""


@dataclass(frozen=True, kw_only=True)
class ReliefParameters:
    """The old material's pattern taken out of a surface's shading; by eye, on boards, tiles and brick."""

    side: int = 512
    """Long side in pixels at which shading is smoothed."""
    old_pattern: float = 0.05
    """Variance of log luminance up to which detail is the old pattern, 0.02 to 0.1; contact shadows, reflections and
    patches of sun vary by more."""
    reach: float = 0.045
    """Radius of that smoothing in long sides: about the width of a board near the camera."""
    joint: float = 0.008
    """Half the width in long sides of the joints and knots that a median takes out first (Tukey, 1977)."""
    tint: float = 0.2
    """As LightParameters.tint, but less: the old material's colour is all over its own reflections."""
    stops: float = 12.0
    """Range, in powers of two below white, of the luminance that the median sees in 255 steps."""


@dataclass(frozen=True, kw_only=True)
class RecolourParameters:
    """How far a thing's colour may go; by eye, on black leather, white linen and dark wood."""

    lighter: float = 36.0
    """How far up in L* at most, 25 to 50: what is black shows noise and dust in place of shading."""
    brightest: float = 6.0
    """How many times brighter at most: dust and compression on what is nearly black become as much brighter."""
    darker: float = 42.0
    """How far down."""
    clearly: float = 12.0
    """L* short of its goal from which a pale colour is not itself any more: it turns grey."""
    pale: float = 14.0
    """Chroma of such a colour."""
    tint: float = 0.25
    """As LightParameters.tint, but less: what is left of a pattern's colours."""


@dataclass(frozen=True, kw_only=True)
class WallParameters:
    """Paint and cladding on walls and floors; by eye, on photos of half A and rendered rooms."""

    well_lit: float = 0.35
    """Luminance of a wall in a well lit photo; paint in a darker one stays below its nominal colour."""
    dimming: float = 0.3
    """Exponent of how far below, 0 to 1."""
    bright_share: float = 0.75
    """Quantile of the surface that gets the nominal colour; brighter places climb the shoulder."""
    least_confidence: float = 0.7
    """Of a wall that is clad, 0.6 to 0.9: tiles on what is none cannot be overlooked."""
    least_witnessed: float = 0.45
    """Of a wall that is clad, see box.Box: where its foot is hidden, a second wall may be."""
    fitting: float = 0.22
    """Step of log luminance against the smoothed wall at which sockets and rails stand out: no cladding on them."""
    plain_distance: float = 3.0
    """Metres to a wall whose clouds of plaster have no direction, where no box is known."""
    rail: float = 0.05
    """Height in metres of the rail that ends a wainscot, 0.03 to 0.08."""
    subsamples: tuple[float, ...] = (0.25, 0.75)
    """Where across a pixel a texture is sampled that is seen at a slant."""


FALLBACK: Final = FallbackParameters()
CELLS: Final = CellParameters()
CORRECTIONS: Final = CorrectionParameters()
REGIONS: Final = RegionParameters()
SOLVER: Final = SolverParameters()
FADING: Final = FadingParameters()
CANVAS: Final = CanvasParameters()
CAMERA: Final = CameraParameters()
BOX: Final = BoxParameters()
GRADE: Final = GradeParameters()
LIGHT: Final = LightParameters()
RELIEF: Final = ReliefParameters()
RECOLOUR: Final = RecolourParameters()
WALLS: Final = WallParameters()
