"""Which ControlNets steer a pass, how strongly and in which steps: all such numbers of the project stand here.

`LINES` is what published interior pipelines run: segmentation and M-LSD on Realistic Vision, scales .4 and .2 in the
windows 0–.5 and .1–.25, with windows, doors and columns masked, about 768 pixels wide or high
(github.com/neuralwork/sd-interior-design at 9ff98cf, `predict.py`; adirik/interior-design on Replicate is the same).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from diffusion.sd.options import Control, Structure


@dataclass(frozen=True, kw_only=True)
class ControlSchedule:
    """How strongly a ControlNet conditions the UNet, and in which steps."""

    scale: float
    """Factor on its residuals; 0 switches it off."""

    start: float = 0.0
    """Share of the steps after which it begins, 0–1."""

    end: float = 1.0
    """Share of the steps after which it ends, 0–1."""

    def active(self, step: int, steps: int) -> bool:
        """Whether it takes part in a step, counted from 0; the rule of the stock pipelines."""
        return self.scale != 0.0 and step / steps >= self.start and (step + 1) / steps <= self.end


Recipe: TypeAlias = Mapping[Control, ControlSchedule]

STRUCTURES: Final[Mapping[Structure, Recipe]] = MappingProxyType(
    {
        Structure.LINES: MappingProxyType(
            {
                Control.SEGMENTATION: ControlSchedule(scale=0.4, end=0.5),
                Control.MLSD: ControlSchedule(scale=0.2, start=0.1, end=0.25),
            }
        ),
        Structure.EDGES: MappingProxyType(
            {
                Control.DEPTH: ControlSchedule(scale=0.7, end=0.8),
                Control.SEGMENTATION: ControlSchedule(scale=0.5, end=0.6),
                Control.CANNY: ControlSchedule(scale=0.35, end=0.5),
            }
        ),
        Structure.DEPTH: MappingProxyType({Control.DEPTH: ControlSchedule(scale=0.8, end=0.8)}),
        Structure.SURFACES: MappingProxyType({Control.SEGMENTATION: ControlSchedule(scale=0.8, end=0.8)}),
    }
)
"""For a restyled picture. In `EDGES` depth keeps the room's shape and acts longest; edges end early, or old furniture
shows through new upholstery. One ControlNet alone has the scale of LCM-LoRA's model card, .8 in four steps, and leaves
the last of them to the texture."""

AROUND_KEPT: Final[Recipe] = MappingProxyType({Control.INPAINT: ControlSchedule(scale=1.0)})
"""Besides, where something is kept that the caller asked for. Windows and doors alone need none: the published
pipelines mask them without it."""

STAGE: Final[Recipe] = MappingProxyType(
    {
        Control.DEPTH: ControlSchedule(scale=0.7, end=0.4),
        Control.MLSD: STRUCTURES[Structure.LINES][Control.MLSD],
    }
)
"""For an empty room that is furnished: depth holds the shell for the first steps alone, in which the layout is decided.
Segmentation and edges of an empty room say that it is empty, and take no part."""

FINISH: Final[Recipe] = MappingProxyType({Control.TILE: ControlSchedule(scale=1.0)})
"""For the second pass, which draws detail into the first one's picture enlarged; where the store has the net."""

FINISH_STRENGTH: Final = 0.36
"""Noise of the second pass: enough to draw texture anew, too little to move what is there. Realistic Vision's model
card advises .25–.7 for its second pass, and users of tiled upscaling .3–.4."""


def needed(structure: Structure) -> frozenset[Control]:
    """ControlNets without which a service with that structure cannot restyle. One that has chosen a single ControlNet
    does without the inpainting one: what is kept is put back after every step all the same."""
    own = frozenset(STRUCTURES[structure])
    return own if len(own) == 1 else own | frozenset(AROUND_KEPT)


def optional(structure: Structure) -> frozenset[Control]:
    """Those that are used where the store has them, and done without where it has not: `stage` is not offered then."""
    return frozenset().union(STAGE, FINISH, AROUND_KEPT) - needed(structure)
