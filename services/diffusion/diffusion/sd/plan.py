"""From a request to what the denoising loop has to do: prompts, and each pass's size, start, sampler and controls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from diffusion.domain import Restyling, Tier
from diffusion.recolourable import recolourable
from diffusion.sd import modes, palette, recipes, surfaces
from diffusion.sd.letterbox import Letterbox, enlarged, letterbox
from diffusion.sd.models import Models
from diffusion.sd.prompts import BASES, prompts
from diffusion.sd.recipes import Recipe
from diffusion.sd.tiers import SamplingPreset, clamped
from servicekit.imaging.arrays import RGB, Mask
from servicekit.types.modes import RoomMode

WORTH_FINISHING: Final = 1.2
"""How many times the first pass's pixels a photo needs to have before a second one draws detail."""


class Mode(StrEnum):
    """What denoising starts from, and whether part of the photo is kept."""

    TEXT = "text"
    """From noise; only the control maps keep the room's shape."""
    IMAGE = "image"
    """From a picture under noise."""
    INPAINT = "inpaint"
    """Around what is kept."""


class Stage(StrEnum):
    """What a pass is for."""

    DRAW = "draw"
    """The new room, at the size that the UNet draws best."""
    FINISH = "finish"
    """Its detail, at the photo's size."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One run of the denoising loop."""

    stage: Stage
    mode: Mode
    letterbox: Letterbox
    preset: SamplingPreset

    tier: Tier
    """Whose UNet it runs."""

    guidance: float

    strength: float
    """Noise that it starts from, above 0 to 1; `schedulers` says how much that is."""

    all_noise: bool
    """Whether denoising starts from noise alone, wherever the picture may change."""

    recipe: Recipe
    """ControlNets that steer it, where they are loaded and have an image to show."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the denoising loop has to do."""

    passes: Sequence[Pass]
    """In order; each but the first starts from the picture of the one before."""

    prompt: str
    negative_prompt: str

    kept: Mask | None
    """Of the photo's size; None where nothing has to stay. All of it where no surface was found that was named."""

    meant: Mask | None
    """What a palette is for, of the photo's size; None where surfaces are not known."""

    start: RGB
    """The photo in the first pass's letterbox, its colours shifted to the palette where one is asked for, its surfaces
    in the colours that are asked for, and filled where LaMa has taken something out."""

    filled: bool
    """Whether LaMa has."""

    def letterboxed_keep(self, one: Pass) -> Mask | None:
        """The kept pixels, letterboxed for a pass."""
        return None if self.kept is None else one.letterbox.place_mask(self.kept)


def plan(restyling: Restyling, models: Models) -> Plan:
    """Decides; raises FailedPrecondition where what is kept leaves nearly nothing, InvalidArgument as `modes.kept`.

    With a palette or with surfaces even a strength of 1 starts from the photo, its colours shifted, and not from noise
    alone: the colours of large areas come through the strongest noise. So it does where LaMa fills what is taken out,
    as the web UI's preprocessor `inpaint_only+lama` has it (github.com/Mikubill/sd-webui-controlnet/pull/1558): fewer
    things appear that nobody asked for.
    """
    kept = modes.kept(restyling)
    strength = modes.strength(restyling)
    height, width = restyling.photo.shape[:2]
    fitting = letterbox(height, width, side=models.sides[restyling.tier], multiple=models.bucket)
    preset = models.presets[restyling.tier]
    shifts = bool(restyling.palette or restyling.surfaces)
    filled = restyling.mode is RoomMode.DECLUTTER and models.lama is not None and kept is not None
    all_noise = strength >= 1.0 and not filled and (not shifts or restyling.mode is not RoomMode.RESTYLE)
    guidance = surfaces.GUIDANCE if restyling.surfaces else restyling.style.guidance
    without_kept = Mode.TEXT if all_noise else Mode.IMAGE
    draw = Pass(
        stage=Stage.DRAW,
        mode=without_kept if kept is None else Mode.INPAINT,
        letterbox=fitting,
        preset=preset,
        tier=restyling.tier,
        guidance=preset.guided_by(clamped(guidance, BASES[models.base].guidance)),
        strength=strength,
        all_noise=all_noise,
        recipe=modes.recipe(restyling, models.structure),
    )
    photo = surfaces.coloured(restyling, restyling.photo) if restyling.surfaces else restyling.photo
    if filled and models.lama is not None and kept is not None:
        photo = models.lama.fill(photo, ~kept)
    start = fitting.place(photo)
    meant = recolourable(restyling, kept)
    if restyling.palette and meant is not None:
        start = palette.shifted(start, restyling.palette, fitting.place_mask(meant), most=palette.START_SHIFT)
    prompt, negative_prompt = modes.prompts(restyling, *prompts(restyling, models.base))
    return Plan(
        passes=[draw, *_finish(draw, models)],
        prompt=prompt,
        negative_prompt=negative_prompt,
        kept=kept,
        meant=meant,
        start=start,
        filled=filled,
    )


def _finish(draw: Pass, models: Models) -> Sequence[Pass]:
    """The second pass, where the tier has one and the photo is large enough to show it."""
    if draw.tier is not Tier.QUALITY or not models.finished_side:
        return []
    fitting = enlarged(*draw.letterbox.photo, long_side=models.finished_side)
    drawn, shown = (one.content[0] * one.content[1] for one in (draw.letterbox, fitting))
    if shown < WORTH_FINISHING * drawn:
        return []
    return [
        replace(
            draw,
            stage=Stage.FINISH,
            mode=Mode.IMAGE if draw.mode is Mode.TEXT else draw.mode,
            letterbox=fitting,
            strength=min(recipes.FINISH_STRENGTH, draw.strength),
            all_noise=False,
            recipe=recipes.FINISH,
        )
    ]
