"""Restyling with Stable Diffusion 1.5 and ControlNets, on a GPU."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import numpy as np
import torch

from diffusion.capabilities import refuse_unsupported
from diffusion.domain import Maps, Restyling, Tier
from diffusion.engine import Step
from diffusion.sd import models
from diffusion.sd.options import Options
from diffusion.sd.pipeline import RestylingPipeline
from diffusion.started import reporting_start
from diffusion.styles import read_styles
from servicekit.inference import hardware
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor
from servicekit.observability import logs
from servicekit.types.modes import RoomMode

log = logs.get(__name__)

MAX_VARIANTS: Final = 4
USABLE: Final = 0.9
"""Share of the free memory that batches may fill: the rest is for fragments."""
HOST_SIDE: Final = 128
"""Pictures that are tried in torch have about this side² where no memory has to be measured."""


class TorchEngine:
    """Loads the models once and restyles one request at a time."""

    def __init__(self, options: Options, executor: DeviceExecutor) -> None:
        self._options = options
        self._executor = executor
        self._pipeline: RestylingPipeline | None = None

    @property
    def info(self) -> EngineInfo:
        """Who this is; the models are known once loaded."""
        return self._pipeline.info if self._pipeline is not None else EngineInfo(name="torch")

    @property
    def modes(self) -> frozenset[RoomMode]:
        """Nothing but restyling until the models are loaded."""
        return self._pipeline.modes if self._pipeline is not None else frozenset({RoomMode.RESTYLE})

    @property
    def takes_style_image(self) -> bool:
        """Whether an IP-Adapter is loaded."""
        return self._pipeline is not None and self._pipeline.takes_style_image

    @property
    def knows_regions(self) -> bool:
        """It draws all of the picture at once."""
        return False

    @property
    def repaints_surfaces(self) -> bool:
        """It paints them around all else, which is kept."""
        return True

    @property
    def usual_seconds(self) -> float:
        """It depends on the device, and none was measured."""
        return 0.0

    async def load(self) -> None:
        """Loads all models and makes a picture with each UNet, in one step; raises WeightsError, SettingsError."""
        self._pipeline = await self._executor.run(self._loaded)

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """One denoising step after the other; see the Protocol."""
        restyler = self._pipeline
        if restyler is None:
            raise RuntimeError("the engine is not loaded")
        refuse_unsupported(self, restyling)
        made = self._executor.stream(lambda: reporting_start(restyler.restyle(restyling)))
        async with aclosing(made) as steps:
            async for step in steps:
                yield step

    async def close(self) -> None:
        """Ends the worker thread and lets the models go."""
        self._executor.close()
        self._pipeline = None

    def _loaded(self) -> RestylingPipeline:
        device = hardware.choose(self._options.device, bfloat16=self._options.reduced)
        loaded = models.load(self._options, device)
        free = device.free_bytes
        tried, tiers = (loaded, list(Tier)) if free is not None else _least(loaded)
        trial = RestylingPipeline(tried, device, variants_at_once=1)
        drawing = max(self._needed(trial, device, tried, tier, tried.sides[tier]) for tier in tiers)
        finishing = 0
        if free is not None and loaded.finished_side:
            finishing = self._needed(trial, device, loaded, Tier.QUALITY, loaded.window)
            if finishing > free * USABLE:
                loaded = replace(loaded, window=loaded.sides[Tier.QUALITY])
        at_once = self._options.variants_at_once or variants_that_fit(free, drawing)
        log.info(
            "models ready",
            device=str(device.device),
            dtype=str(device.dtype),
            free_bytes=free,
            drawing_bytes=drawing,
            finishing_bytes=finishing,
            window=loaded.window,
            variants_at_once=at_once,
        )
        return RestylingPipeline(loaded, device, variants_at_once=at_once)

    @staticmethod
    def _needed(
        trial: RestylingPipeline, device: hardware.Hardware, loaded: models.Models, tier: Tier, side: int
    ) -> int:
        """Bytes beside the models that a step on a photo of side² pixels takes; 0 on the host."""
        before = _allocated(device, reset=True)
        for _step in trial.restyle(_first_request(side, tier, steps=loaded.presets[tier].steps)):
            pass
        return _allocated(device) - before


def _least(loaded: models.Models) -> tuple[models.Models, list[Tier]]:
    """Where no memory has to be measured: one tier a UNet, to see that they run, and torch's drawing small.

    Compiled ones draw at the size that they serve: they repack their weights for the sizes that they see, and each more
    of them takes memory.
    """
    tiers = {id(loaded.unets[tier]): tier for tier in Tier}
    most = HOST_SIDE if isinstance(loaded.unets[Tier.FAST], torch.nn.Module) else max(loaded.sides.values())
    return replace(loaded, sides={tier: min(side, most) for tier, side in loaded.sides.items()}), [*tiers.values()]


def variants_that_fit(free: int | None, variant_bytes: int) -> int:
    """1–4, of the memory that is free once the models are loaded; 1 on the host."""
    if free is None:
        return 1
    return int(min(max(free * USABLE // max(variant_bytes, 1), 1), MAX_VARIANTS))


def _allocated(device: hardware.Hardware, *, reset: bool = False) -> int:
    """Bytes allocated at most since the last reset, or now; 0 on the host."""
    if device.memory_bytes is None:
        return 0
    if reset:
        torch.cuda.reset_peak_memory_stats(device.device)
    return int(torch.cuda.max_memory_allocated(device.device))


def _first_request(side: int, tier: Tier, *, steps: int) -> Restyling:
    """A grey slope with all maps, strong enough for one step."""
    slope = np.tile(np.linspace(0, 255, side, dtype=np.uint8), (side, 1))
    return Restyling(
        photo=np.repeat(slope[..., None], 3, axis=2),
        style=next(iter(read_styles().values())),
        maps=Maps(depth=slope, canny=slope, segmentation=np.zeros_like(slope)),
        strength=1 / steps,
        seed=0,
        tier=tier,
    )
