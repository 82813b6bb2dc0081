"""What is counted of an engine's steps, and that previews are not among them."""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
from prometheus_client import REGISTRY

from diffusion.domain import Manifest, Progress, Restyling, Result, Tier
from diffusion.engine import Step
from diffusion.pipeline import Pipeline
from diffusion.styles import read_styles
from servicekit.inference.engine import EngineInfo
from servicekit.types.modes import RoomMode

STYLES = read_styles()
PHOTO = np.zeros((48, 64, 3), dtype=np.uint8)


class Counted:
    """An engine of three steps that do nothing."""

    info = EngineInfo(name="counted")
    modes = frozenset(RoomMode)
    takes_style_image = True
    knows_regions = True
    repaints_surfaces = True
    usual_seconds = 0.0

    async def load(self) -> None: ...

    async def close(self) -> None: ...

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        for step in (1, 2, 3):
            yield Progress(step=step, total_steps=3)
        manifest = Manifest(engine=self.info, style="modern", seed=0, strength=1.0, steps=3)
        yield Result(images=[restyling.photo], manifest=manifest)


def value(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"engine": "counted"}) or 0.0


def restyling(**changes: Any) -> Restyling:
    return Restyling(photo=PHOTO, style=STYLES["modern"], strength=1.0, seed=0, **({"tier": Tier.FAST} | changes))


async def test_steps_are_counted_and_all_but_the_first_timed() -> None:
    pipeline = Pipeline(Counted(), preview_engine=Counted(), styles=STYLES)
    steps, timed = value("modomo_diffusion_steps_total"), value("modomo_diffusion_step_seconds_count")
    assert len([step async for step in pipeline.transform(restyling())]) == 4
    await pipeline.preview(restyling())
    assert value("modomo_diffusion_steps_total") == steps + 3
    assert value("modomo_diffusion_step_seconds_count") == timed + 2
