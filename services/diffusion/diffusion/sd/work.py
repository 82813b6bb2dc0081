"""A request under way, and what is told of it when it is done."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from torch import Tensor

from diffusion.domain import AppliedControl, Manifest, PassReport, Restyling, Result
from diffusion.palette_distance import palette_delta_e
from diffusion.sd import modes, surfaces
from diffusion.sd.control import ActiveControl
from diffusion.sd.device_timer import DeviceTimer
from diffusion.sd.models import Models
from diffusion.sd.options import Control
from diffusion.sd.plan import Pass, Plan, Stage
from diffusion.sd.text import Embeddings
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo

Controls: TypeAlias = dict[Control, ActiveControl]

ENGINE: Final = "torch"
DEVICE_PARTS: Final = ("read", "encode", "denoise", "preview", "decode", "check")
"""Parts of a request that keep the device busy."""


@dataclass(kw_only=True)
class Work:
    """A request under way."""

    restyling: Restyling
    plan: Plan
    text: Embeddings
    timer: DeviceTimer

    total_steps: int
    """Over all passes and batches."""

    done: int = 0
    """Steps done so far."""

    ran: dict[Stage, PassReport] = field(default_factory=dict)
    """What each pass did, of the first variant."""

    image_embeds: Tensor | None = None
    """Of the picture whose look is wanted; None for none."""

    controls: Controls = field(default_factory=dict)
    """Of the first pass: they depend on the photo alone, and are encoded once for all its batches."""


def report(one: Pass, steps: int, controls: Controls) -> PassReport:
    """What a pass does."""
    height, width = one.letterbox.content
    return PassReport(
        stage=one.stage,
        width=width,
        height=height,
        steps=steps,
        strength=one.strength,
        controls=tuple(
            AppliedControl(
                control=control, scale=active.schedule.scale, start=active.schedule.start, end=active.schedule.end
            )
            for control, active in controls.items()
        ),
    )


def result(work: Work, images: list[RGB], models: Models, *, previews: bool) -> Result:
    """What a request becomes; `previews` where it has shown some."""
    restyling, planned, timer = work.restyling, work.plan, work.timer
    with timer.on_host("finish"):
        meant = planned.meant
        if meant is None and planned.kept is not None:
            meant = ~planned.kept
        reached = [palette_delta_e(image, meant, restyling.palette) for image in images]
    distances = [distance for distance in reached if distance is not None]
    controls = [Control(applied.control) for report in work.ran.values() for applied in report.controls]
    used = models.info(
        restyling.tier, controls, previews=previews, styled=work.image_embeds is not None, filled=planned.filled
    )
    return Result(
        images=images,
        manifest=Manifest(
            engine=EngineInfo(name=ENGINE, models=used if work.ran else ()),
            style=restyling.style.name,
            seed=restyling.seed,
            mode=restyling.mode,
            safety_checked=models.safety_checker is not None and bool(work.ran),
            style_image_used=work.image_embeds is not None,
            strength=modes.strength(restyling),
            steps=work.done,
            prompt=planned.prompt,
            negative_prompt=planned.negative_prompt,
            surfaces=surfaces.told(restyling) if restyling.surfaces else (),
            palette_delta_e=float(np.mean(distances)) if distances else None,
            passes=tuple(work.ran.values()),
            seconds=timer.seconds,
            device_seconds=sum(timer.seconds.get(part, 0.0) for part in DEVICE_PARTS),
        ),
    )
