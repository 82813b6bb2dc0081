"""From a request to an engine's steps, with what holds for every engine."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from prometheus_client import Counter, Histogram

from diffusion.domain import Progress, Restyling, Result, Tier
from diffusion.engine import Engine, Step
from diffusion.shrink import shrunk
from diffusion.styles import Style
from servicekit.observability.metrics import SECONDS_BUCKETS

STEPS: Final = Counter("modomo_diffusion_steps_total", "Steps done", ["engine"])
STEP_SECONDS: Final = Histogram(
    "modomo_diffusion_step_seconds",
    "Time that a step took, the first of each request left out",
    ["engine"],
    buckets=SECONDS_BUCKETS,
)

PREVIEW_SIDE: Final = 512
"""Long side of an instant preview, pixels."""


class Pipeline:
    """Hands work to the engine that it is for."""

    def __init__(self, engine: Engine, *, preview_engine: Engine, styles: Mapping[str, Style]) -> None:
        """`preview_engine` may be the same one."""
        self.engine = engine
        """What restyles."""
        self._preview_engine = preview_engine
        self.styles = styles
        """By name."""

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """The engine's steps; closing this closes the engine's generator."""
        begun = time.perf_counter()
        async with aclosing(self.engine.transform(restyling)) as steps:
            async for step in steps:
                if isinstance(step, Progress):
                    if step.step > 1:  # the first one has also waited for the device
                        STEP_SECONDS.labels(self.engine.info.name).observe(time.perf_counter() - begun)
                    STEPS.labels(self.engine.info.name).inc()
                yield step
                begun = time.perf_counter()

    async def preview(self, restyling: Restyling) -> Result:
        """A first look of one small variant, without steps."""
        small = replace(shrunk(restyling, PREVIEW_SIDE), variants=1, previews=0, tier=Tier.FAST)
        async with aclosing(self._preview_engine.transform(small)) as steps:
            async for step in steps:
                if isinstance(step, Result):
                    return step
        raise RuntimeError("the engine ended without a result")
