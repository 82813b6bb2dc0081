"""Single surfaces in a colour or a material that the caller names: where they are, the words for them, their colour.

They are painted around everything else, which is kept, from the photo with the new colours laid on, so that light and
shade come through the noise. What comes out has the structure that the model gives it, and the colour that was asked
for: its mean is moved there in the end, within the surface alone.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from diffusion import keep
from diffusion.domain import Restyling, Surface
from diffusion.sd.colour_names import nearest_name
from diffusion.styles import Finish, Pattern
from diffusion.surface_classes import CLASSES
from servicekit.errors import InvalidArgument
from servicekit.imaging import colour
from servicekit.imaging.arrays import RGB, Floats, Mask
from servicekit.types import ade20k
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName

GUIDANCE: Final = 7.0
"""Of the prompt, before the base model's own range: a style's is for its own words."""
ROUNDS: Final = 12
CLOSE: Final = 0.5
"""Distance in L*a*b* at which a mean colour is where it was to be."""
FLATTER: Final = 0.85
"""What is left of the contrast in each round that misses: colours beyond sRGB are cut, and that moves their mean."""

WORDS: Final[Mapping[SurfaceName, str]] = {
    SurfaceName.WALL: "walls",
    SurfaceName.FLOOR: "floor",
    SurfaceName.CEILING: "ceiling",
    SurfaceName.CABINET: "cabinets",
    SurfaceName.UPHOLSTERY: "sofa and armchairs",
    SurfaceName.BED: "bedspread",
    SurfaceName.CURTAIN: "curtains",
    SurfaceName.RUG: "rug",
}
"""For prompts."""


def regions(restyling: Restyling) -> Mapping[SurfaceName, Mask]:
    """Where each surface is that is to be repainted, of the photo's size, without what is kept; those that are nowhere
    are left out.

    Raises InvalidArgument without a segmentation map.
    """
    segmentation = restyling.maps.segmentation
    if segmentation is None:
        raise InvalidArgument("FIELD_MISSING", "maps must hold a segmentation where surfaces are named.", field="maps")
    free = ~np.isin(segmentation, [ade20k.index(name) for name in keep.OPENINGS])
    if restyling.keep is not None:
        free &= ~restyling.keep
    found = {
        name: np.isin(segmentation, [ade20k.index(one) for one in CLASSES[name]]) & free for name in restyling.surfaces
    }
    return {name: mask for name, mask in found.items() if mask.any()}


def painted(restyling: Restyling) -> Mask:
    """All that is to be repainted, of the photo's size; raises as `regions`."""
    union = np.zeros(restyling.photo.shape[:2], dtype=np.bool_)
    for region in regions(restyling).values():
        union |= region
    return union


def prompt(restyling: Restyling) -> str:
    """`living room with clay limewash walls and oak herringbone floor`."""
    room = restyling.room_type
    kind = "interior" if room in (None, RoomType.OTHER) else str(room).replace("_", " ")
    made_of = [f"{_in_words(finish)} {WORDS[name]}" for name, finish in restyling.surfaces.items()]
    return f"{kind} with {' and '.join(made_of)}"


def coloured(restyling: Restyling, picture: RGB) -> RGB:
    """The picture, of the photo's size, with the mean colour of each surface where it was asked to be.

    At a strength below 1 that lies between the photo's own and the one asked for. All else stays, and so do light,
    shade and grain of each surface, as far as sRGB holds them.
    """
    share = 1.0 - (1.0 - restyling.strength) ** 2
    result = picture.copy()
    for name, where in regions(restyling).items():
        before = _lab(restyling.photo[where]).mean(axis=0)
        asked = colour.lab_of_hex([restyling.surfaces[name].color])[0]
        result[where] = _moved(picture[where], before + share * (asked - before))
    return result


def told(restyling: Restyling) -> Sequence[Surface]:
    """What was repainted, for a manifest, and without a material what was not found."""
    found, confidence = regions(restyling), restyling.maps.confidence
    return tuple(
        Surface(
            label=name,
            area=float(found[name].mean()) if name in found else 0.0,
            confidence=float(confidence[found[name]].mean()) if name in found and confidence is not None else 0.0,
            material=finish.name if name in found else "",
        )
        for name, finish in restyling.surfaces.items()
    )


def _in_words(finish: Finish) -> str:
    """A finish that is only a colour has no name that a model knows."""
    return f"{nearest_name(finish.color)} painted" if finish.pattern is Pattern.PLAIN else finish.name


def _lab(pixels: RGB) -> Floats:
    return colour.lab(colour.linear(pixels))


def _moved(pixels: RGB, wanted: Floats) -> RGB:
    """N×3 sRGB with their mean in L*a*b* at `wanted`."""
    flat = _lab(pixels)
    deviation = flat - flat.mean(axis=0)
    aim = wanted.copy()
    for _round in range(ROUNDS):
        moved = colour.srgb(colour.from_lab(aim + deviation))
        missed = wanted - _lab(moved).mean(axis=0)
        if float(np.linalg.norm(missed)) <= CLOSE:
            break
        aim += missed
        deviation *= FLATTER
    return moved
