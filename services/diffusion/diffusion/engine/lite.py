"""Restyling with nothing to download."""

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from importlib.metadata import version
from typing import Final

import numpy as np

from diffusion.capabilities import refuse_unsupported
from diffusion.domain import Maps, PreviewFrame, Progress, Restyling, Result, Tier
from diffusion.engine import Step
from diffusion.lite.restyle import restyle
from diffusion.lite.style_photo import telling_look, with_look
from diffusion.started import reporting_start
from diffusion.styles import read_styles
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.executor import DeviceExecutor
from servicekit.types import ade20k
from servicekit.types.modes import RoomMode

LICENCE: Final = "Apache-2.0"
"""Of this project, and of all that this engine is made of."""


class LiteEngine:
    """Classical graphics on the control maps: new materials under the photo's own light."""

    def __init__(self, executor: DeviceExecutor) -> None:
        self._executor = executor

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        return EngineInfo(
            name="lite", models=(Model(name="modomo-lite", revision=version("modomo-diffusion"), licence=LICENCE),)
        )

    @property
    def modes(self) -> frozenset[RoomMode]:
        """It repaints what is there, and can neither furnish nor clear a room."""
        return frozenset({RoomMode.RESTYLE})

    @property
    def takes_style_image(self) -> bool:
        """Its palette and its light."""
        return True

    @property
    def knows_regions(self) -> bool:
        """It does."""
        return True

    @property
    def repaints_surfaces(self) -> bool:
        """Its regions end at the photo's edges."""
        return True

    @property
    def usual_seconds(self) -> float:
        """A photo of 1,024 pixels on one core of a small machine."""
        return 1.0

    async def load(self) -> None:
        """Restyles a small made-up room in every style, which also draws what all later textures are cut from."""
        segmentation = np.full((64, 96), ade20k.index("wall"), dtype=np.uint8)
        segmentation[40:] = ade20k.index("floor")
        for style in read_styles().values():
            restyling = Restyling(
                photo=np.full((64, 96, 3), 128, dtype=np.uint8),
                style=style,
                maps=Maps(segmentation=segmentation),
                strength=1.0,
                seed=0,
                tier=Tier.FAST,
            )
            async with aclosing(self.transform(restyling)) as steps:
                async for _step in steps:
                    pass

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """A step a surface; see the Protocol."""
        refuse_unsupported(self, restyling)
        made = self._executor.stream(lambda: reporting_start(self._restyled(restyling)))
        async with aclosing(made) as steps:
            async for step in steps:
                yield step

    def _restyled(self, restyling: Restyling) -> Generator[Progress | PreviewFrame | Result, None, None]:
        return telling_look(restyling, restyle(with_look(restyling), self.info))

    async def close(self) -> None:
        """Ends the worker thread."""
        self._executor.close()
