"""From a request to what the denoising loop has to do: prompts, size, mode, guidance."""

from dataclasses import dataclass
from enum import StrEnum

from diffusion.domain import Restyling, Tier
from diffusion.sd import modes, palette
from diffusion.sd.letterbox import Letterbox, letterbox
from diffusion.sd.models import Models
from diffusion.sd.tiers import SamplingPreset
from servicekit.imaging.arrays import RGB, Mask
from servicekit.types.modes import RoomMode


class Mode(StrEnum):
    """What denoising starts from, and whether part of the photo is kept."""

    TEXT = "text"
    """From noise; only the control maps keep the room's shape."""
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
    letterbox: Letterbox
    prompt: str
    negative_prompt: str
    guidance: float

    strength: float
    """Share of the schedule to run, above 0 to 1."""

    all_noise: bool
    """Whether denoising starts from noise alone, wherever the picture may change."""

    kept: Mask | None
    """Of the photo's size; None where nothing has to stay."""

    start: RGB
    """The photo, letterboxed, its colours shifted to the palette where one is asked for and they may change."""

    @property
    def letterboxed_keep(self) -> Mask | None:
        """The kept pixels, letterboxed."""
        return None if self.kept is None else self.letterbox.place_mask(self.kept)


def plan(restyling: Restyling, models: Models) -> Plan:
    """Decides; raises FailedPrecondition where what is kept leaves nearly nothing.

    With a palette even a strength of 1 starts from the photo, its colours shifted, and not from noise alone: the
    colours of large areas come through the strongest noise.
    """
    kept = modes.kept(restyling)
    strength = modes.strength(restyling)
    height, width = restyling.photo.shape[:2]
    fitting = letterbox(height, width, side=models.side)
    preset = models.presets[restyling.tier]
    all_noise = strength >= 1.0 and (not restyling.palette or restyling.mode is not RoomMode.RESTYLE)
    without_kept = Mode.TEXT if all_noise else Mode.IMAGE
    start = fitting.place(restyling.photo)
    if restyling.palette and not all_noise:
        free = None if kept is None else ~fitting.place_mask(kept)
        start = palette.shifted(start, restyling.palette, free, most=palette.START_SHIFT)
    words = palette.in_words(restyling.palette)
    prompt, negative_prompt = modes.prompts(
        restyling.mode,
        restyling.style.positive_prompt(restyling.room_type),
        restyling.style.prompt.negative,
        restyling.room_type,
    )
    return Plan(
        mode=without_kept if kept is None else Mode.INPAINT,
        tier=restyling.tier,
        preset=preset,
        letterbox=fitting,
        prompt=f"{prompt}, {words}" if words else prompt,
        negative_prompt=negative_prompt,
        guidance=preset.guided_by(restyling.style.guidance),
        strength=strength,
        all_noise=all_noise,
        kept=kept,
        start=start,
    )
