"""The same picture by our restyler and by the stock pipelines, on models made on the spot, measured on one device."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import numpy as np
import torch

from diffusion.domain import Restyling, Tier
from diffusion.sd import latents, tensors
from diffusion.sd.control import ActiveControl, ControlBranch
from diffusion.sd.latents import Autoencoder
from diffusion.sd.letterbox import MULTIPLE
from diffusion.sd.models import Models
from diffusion.sd.options import Control, Structure
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.sd.plan import Pass, plan
from diffusion.sd.previews import TaesdPreviewDecoder
from diffusion.sd.schedulers import Sampler
from diffusion.sd.text import TextEmbedder
from diffusion.sd.tiers import SamplingPreset
from diffusion.sd.work import Work
from servicekit.imaging.arrays import RGB
from servicekit.inference.hardware import Hardware

from .full_size import SCHEDULER, RandomModels, full_size, tiny_size, tokenizer
from .requests import restyling
from .stock import StockModels, stock_arguments, stock_pipeline

NETS: Final = (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)
TWENTY: Final = SamplingPreset(sampler=Sampler.DPMPP_2M, steps=25)
STRENGTH: Final = 0.8
"""Of 25 steps: 20 are executed, on the photo under noise."""


class Unskipping(RestylingPipeline):
    """Runs every ControlNet in every step, as stock pipelines do: what skipping saves is the difference."""

    def _encode_controls(self, work: Work, one: Pass, start: RGB) -> dict[Control, ActiveControl]:
        return {
            control: replace(active, schedule=replace(active.schedule, start=0.0, end=1.0))
            for control, active in super()._encode_controls(work, one, start).items()
        }


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement."""

    seconds: float
    """Median of a picture."""

    peak_bytes: int
    """Most that was allocated on the device while a picture was made, models included; 0 on the host."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is measured, on what."""

    hardware: Hardware
    made: RandomModels
    models: Models
    stock: StockModels
    repeat: int

    def measure(self, make: Callable[[], object]) -> Figure:
        """Times whole pictures, to the end of the device's work."""
        make()
        if self.hardware.memory_bytes is not None:
            torch.cuda.reset_peak_memory_stats(self.hardware.device)
        seconds = []
        for _ in range(self.repeat):
            self.hardware.synchronise()
            start = perf_counter()
            make()
            self.hardware.synchronise()
            seconds.append(perf_counter() - start)
        peak = 0 if self.hardware.memory_bytes is None else torch.cuda.max_memory_allocated(self.hardware.device)
        return Figure(seconds=median(seconds), peak_bytes=peak)

    def ours(
        self,
        side: int,
        branches: Mapping[Control, ControlBranch],
        preset: SamplingPreset = TWENTY,
        *,
        kind: type[RestylingPipeline] = RestylingPipeline,
        variants: int = 1,
    ) -> Callable[[], object]:
        """A picture by our restyler, or one batch of several."""
        restyler = self.restyler(side, branches, preset, kind=kind, variants=variants)
        asked = replace(request(side), variants=variants)
        return lambda: list(restyler.restyle(asked))

    def restyler(
        self,
        side: int,
        branches: Mapping[Control, ControlBranch],
        preset: SamplingPreset = TWENTY,
        *,
        kind: type[RestylingPipeline] = RestylingPipeline,
        variants: int = 1,
    ) -> RestylingPipeline:
        """Ours, with these ControlNets and so many variants in a batch."""
        models = replace(
            self.models, controls=branches, presets=dict.fromkeys(Tier, preset), sides=dict.fromkeys(Tier, side)
        )
        return kind(models, self.hardware, variants_at_once=variants)

    def theirs(self, side: int, nets: Sequence[Control]) -> Callable[[], object]:
        """The same picture by the stock pipeline. To be measured before ours, which takes the ControlNets apart."""
        models = replace(self.models, presets=dict.fromkeys(Tier, TWENTY), sides=dict.fromkeys(Tier, side))
        asked = request(side)
        planned = plan(asked, models)
        one = planned.passes[0]
        recipe = {control: one.recipe[control] for control in nets}
        images = tensors.control_images(recipe, asked, planned.start, one.letterbox, None)
        shown = {control: tensors.unit(image, self.hardware) for control, image in images}
        pipeline = stock_pipeline(self.stock, one, list(shown)).to(self.hardware.device)
        arguments = stock_arguments(planned, shown, latents.generators(asked.seed, 1), self.hardware)

        def picture() -> object:
            # torch's own default, which ours gives up so that the same request gives the same bytes
            torch.backends.cudnn.deterministic = False
            try:
                return pipeline(**arguments)
            finally:
                torch.backends.cudnn.deterministic = True

        return picture


def bench(hardware: Hardware, *, tiny: bool, repeat: int, nets: tuple[Control, ...] = NETS) -> Bench:
    """Makes all models, with those ControlNets."""
    made = tiny_size(hardware, nets) if tiny else full_size(hardware, nets)
    with tempfile.TemporaryDirectory() as directory:
        words = tokenizer(Path(directory) / "tokenizer")
    models = Models(
        text=TextEmbedder(words, made.text_encoder),
        autoencoder=Autoencoder(made.vae),
        presets=dict.fromkeys(Tier, TWENTY),
        unets=dict.fromkeys(Tier, made.unet),
        controls={},
        preview_decoder=TaesdPreviewDecoder(made.taesd),
        detector=None,
        lama=None,
        style_adapter=None,
        safety_checker=None,
        scheduler=SCHEDULER,
        base="sd15",
        structure=Structure.EDGES,
        sides=dict.fromkeys(Tier, 512),
        bucket=MULTIPLE,
        finished_side=0,
        window=1024,
        origins={},
    )
    stock = StockModels(
        tokenizer=words,
        text_encoder=made.text_encoder,
        vae=made.vae,
        unet=made.unet,
        scheduler=SCHEDULER,
        controls=made.controls,
    )
    return Bench(hardware=hardware, made=made, models=models, stock=stock, repeat=repeat)


def request(side: int) -> Restyling:
    """A grey slope of side² pixels with all maps."""
    slope = np.tile(np.linspace(0, 255, side, dtype=np.uint8), (side, 1))
    made = restyling(height=side, width=side, strength=STRENGTH)
    return replace(made, photo=np.repeat(slope[..., None], 3, axis=2))
