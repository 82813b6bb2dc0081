"""What diffusion talks about, free of wire formats and engines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diffusion.styles import Finish, Style
from servicekit.imaging.arrays import RGB, Grey, Mask
from servicekit.inference.engine import EngineInfo
from servicekit.types.corrections import AppliedCorrection, Correction
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName

SEEDS: Final = 1 << 53
"""Seeds lie below: a number in JSON holds no more digits exactly."""


class Tier(StrEnum):
    """How much time may be spent on a result."""

    QUALITY = "quality"
    FAST = "fast"


@dataclass(frozen=True, kw_only=True)
class Maps:
    """Control maps of the photo, of its size; None where the caller sent none."""

    depth: Grey | None = None
    """Inverse depth, near is bright."""

    canny: Grey | None = None
    """255 on an edge."""

    segmentation: NDArray[np.uint8] | None = None
    """H×W ADE20K indices; servicekit.types.ade20k.UNKNOWN where the colour was none of the palette's."""

    confidence: NDArray[np.float32] | None = None
    """H×W, 0–1."""


@dataclass(frozen=True, kw_only=True)
class Restyling:
    """What to make of a photo; every field is checked."""

    photo: RGB
    style: Style
    room_type: RoomType | None = None
    maps: Maps = Maps()

    keep: Mask | None = None
    """What must come out exactly as it is."""

    mode: RoomMode = RoomMode.RESTYLE

    remove: Mask | None = None
    """What RoomMode.DECLUTTER removes; None in every other mode."""

    style_image: RGB | None = None
    """A picture of any size whose look is wanted; None leaves the look to the style."""

    repaint_openings: bool = False
    """Whether windows and doors may change too."""

    corrections: tuple[Correction, ...] = ()
    """What is where, by somebody who has looked; at most MAX_CORRECTIONS."""

    surfaces: Mapping[SurfaceName, Finish] = field(default_factory=dict)
    """What alone is to be repainted; empty for everything."""

    palette: tuple[str, ...] = ()
    """`#RRGGBB`; empty leaves the colours to the style."""

    strength: float
    """0 (the original) to 1."""

    seed: int
    """0 ≤ seed < 2⁵³."""

    variants: int = 1
    """1–4."""

    tier: Tier = Tier.QUALITY

    previews: int = 0
    """Number of previews wanted on the way, 0–8."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """The engine has taken the request up; until then it waited for the device."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A step was done."""

    step: int
    total_steps: int


@dataclass(frozen=True, kw_only=True)
class PreviewFrame:
    """The result as it looks so far."""

    step: int
    image: RGB


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A surface that was repainted or deliberately left alone."""

    label: str

    area: float
    """Share of the picture, 0–1."""

    confidence: float
    """Mean confidence in the label, 0–1."""

    material: str
    """Empty where it was left alone."""


@dataclass(frozen=True, kw_only=True)
class AppliedControl:
    """A ControlNet that took part in a pass."""

    control: str
    """What it follows: `segmentation`, `mlsd`, `tile`."""

    scale: float
    """How strongly; 1 is as trained."""

    start: float
    """Share of the steps after which it began, 0–1."""

    end: float
    """Share of the steps after which it ended, 0–1."""


@dataclass(frozen=True, kw_only=True)
class PassReport:
    """One run of the denoising loop."""

    stage: str
    """`draw` for the new room, `finish` for its detail at the photo's size."""

    width: int
    height: int
    """Of the picture that it worked on, pixels."""

    steps: int
    """For each batch of variants."""

    strength: float
    """Noise that it started from, 0–1."""

    controls: Sequence[AppliedControl] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """How a result came to be."""

    engine: EngineInfo
    style: str
    seed: int
    strength: float
    steps: int
    prompt: str = ""
    negative_prompt: str = ""
    surfaces: Sequence[Surface] = ()

    palette_delta_e: float | None = None
    """Mean ΔE2000 between the palette asked for and the main colours of what it was for, walls and textiles; None
    without a palette."""

    passes: Sequence[PassReport] = ()
    """In order; empty from an engine that does not denoise."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    device_seconds: float = 0.0

    mode: RoomMode = RoomMode.RESTYLE

    style_image_used: bool = False
    """Whether the look of a picture was taken."""

    style_image_palette: tuple[str, ...] = ()
    """`#RRGGBB` that were taken from that picture, largest first; empty where its look is taken whole."""

    safety_checked: bool = False
    """Whether all results passed a safety check."""

    corrections: tuple[AppliedCorrection, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """The last thing that an engine yields."""

    images: Sequence[RGB]
    """One a variant, of the photo's size."""

    manifest: Manifest

    repainted: NDArray[np.uint8] | None = None
    """H×W, for the first variant: the ADE20K index of the surface that a pixel was repainted as, `ade20k.UNKNOWN` where
    it was not; None from an engine that cannot tell. It stays in the process, for evaluation."""
