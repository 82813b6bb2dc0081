"""From a request to what the denoising loop has to do: prompts, canvas, mode, guidance."""

from dataclasses import dataclass
from enum import StrEnum

from diffusion import keep
from diffusion.domain import Restyling, Tier
from diffusion.sd import palette
from diffusion.sd.models import Models
from diffusion.sd.sizes import Canvas, canvas
from diffusion.sd.tiers import SamplingPreset
from servicekit.imaging.arrays import RGB, Mask


class Mode(StrEnum):
    """Where denoising starts and what it has to come back to."""

    TEXT = "text"
    """From noise; the control maps alone hold the room."""
    IMAGE = "image"
    """From the photo under noise."""
    INPAINT = "inpaint"
    """Around what is kept."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the denoising loop has to do."""

    mode: Mode
    tier: Tier
    preset: SamplingPreset
    canvas: Canvas
    prompt: str
    negative_prompt: str
    guidance: float

    strength: float
    """Share of the schedule to run, above 0 to 1."""

    all_noise: bool
    """Whether nothing of what may change is to be seen at the start."""

    kept: Mask | None
    """Of the photo's size; None where nothing has to stay."""

    start: RGB
    """The photo on the canvas, with its colours steered where a palette is asked for and they may change."""

    @property
    def kept_on_canvas(self) -> Mask | None:
        """The kept region on the canvas."""
        return None if self.kept is None else self.canvas.place_region(self.kept)


def plan(restyling: Restyling, models: Models) -> Plan:
    """Decides; raises FailedPrecondition where what is kept leaves nearly nothing.

    A palette steers through the starting picture, of which noise at its strongest still lets the large areas' colours
    through: so with a palette even a strength of 1 starts from the picture and not from noise alone.
    """
    kept = keep.kept(restyling)
    height, width = restyling.photo.shape[:2]
    fitting = canvas(height, width, side=models.side)
    preset = models.recipes[restyling.tier]
    all_noise = restyling.strength >= 1.0 and not restyling.palette
    without_kept = Mode.TEXT if all_noise else Mode.IMAGE
    start = fitting.place(restyling.photo)
    if restyling.palette:
        free = None if kept is None else ~fitting.place_region(kept)
        start = palette.shifted(start, restyling.palette, free, most=palette.START_SHIFT)
    words = palette.in_words(restyling.palette)
    prompt = restyling.style.positive_prompt(restyling.room_type)
    return Plan(
        mode=without_kept if kept is None else Mode.INPAINT,
        tier=restyling.tier,
        preset=preset,
        canvas=fitting,
        prompt=f"{prompt}, {words}" if words else prompt,
        negative_prompt=restyling.style.prompt.negative,
        guidance=preset.guided_by(restyling.style.guidance),
        strength=restyling.strength,
        all_noise=all_noise,
        kept=kept,
        start=start,
    )
