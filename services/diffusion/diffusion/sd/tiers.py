"""How each tier samples: sampler, number of steps, and the range of guidance that its weights were trained for."""

from dataclasses import dataclass, replace
from typing import Final

from diffusion.sd.options import FastLora
from diffusion.sd.schedulers import Sampler
from diffusion.sd.shortcuts import NONE, Shortcuts
from servicekit.weights import WeightStore


@dataclass(frozen=True, kw_only=True)
class SamplingPreset:
    """How to sample."""

    sampler: Sampler

    steps: int
    """Of the whole schedule; a strength below 1 runs its last part."""

    lora: str = ""
    """The store's name for the LoRA that it needs; empty for none."""

    guidance: tuple[float, float] = (1.0, 20.0)
    """Least and greatest guidance scale; a style's is brought into this range."""

    shortcuts: Shortcuts = NONE
    """What its steps leave out."""

    @property
    def is_guided(self) -> bool:
        """Whether any of its guidance scales reads the negative prompt."""
        return self.guidance[1] > 1.0

    def guided_by(self, scale: float) -> float:
        """The nearest guidance scale that the preset takes."""
        return clamped(scale, self.guidance)


def clamped(scale: float, bounds: tuple[float, float]) -> float:
    """The nearest number within bounds."""
    return min(max(scale, bounds[0]), bounds[1])


QUALITY: Final = SamplingPreset(sampler=Sampler.DPMPP_2M, steps=24)

FEWER_STEPS: Final = SamplingPreset(sampler=Sampler.DPMPP_2M, steps=12)
"""The fast tier without a LoRA."""

HYPER_SD: Final = SamplingPreset(sampler=Sampler.DDIM, steps=8, lora="hyper-sd", guidance=(5.0, 8.0))
"""Ren et al., "Hyper-SD" (NeurIPS 2024): its 8-step LoRA that keeps guidance, in the range that the authors give."""

LCM: Final = SamplingPreset(sampler=Sampler.LCM, steps=6, lora="lcm-lora", guidance=(1.0, 1.0))
"""Luo et al., "LCM-LoRA" (2023): 4 to 8 steps, guidance distilled into the weights."""

FEWEST: Final = replace(LCM, steps=5)
"""Of them four are run at the styles' strength, .9: as few as the authors show without a loss that is plain to see."""

_WITH_LORA: Final = (HYPER_SD, LCM)


def fast_preset(wanted: FastLora, store: WeightStore, *, reduced: bool = False) -> SamplingPreset:
    """The fast tier's preset. A LoRA that is named need not be in the store: loading it reports what is missing."""
    for preset in (FEWEST, HYPER_SD) if reduced else _WITH_LORA:
        if wanted == preset.lora or (wanted == "auto" and store.has(preset.lora)):
            return preset
    return FEWER_STEPS
