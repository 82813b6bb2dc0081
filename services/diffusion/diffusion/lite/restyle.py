"""Restyles a photo, one kind of surface a step."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Final

import numpy as np

from diffusion import keep
from diffusion.domain import Manifest, PreviewFrame, Progress, Restyling, Result
from diffusion.lite import corrections, floor, furnishings, scene, surfaces, walls
from diffusion.lite.canvas import Canvas
from diffusion.lite.choice import choose
from diffusion.lite.labels import Label, Layout, ade20k_of
from diffusion.palette_distance import palette_delta_e
from diffusion.preview_steps import preview_steps
from diffusion.recolourable import recolourable
from servicekit.imaging.arrays import RGB, Mask
from servicekit.inference.engine import EngineInfo
from servicekit.types import ade20k
from servicekit.types.corrections import AppliedCorrection

WORKS: Final[Sequence[tuple[str, Callable[[Canvas], None]]]] = (
    ("ceiling", walls.paint_ceiling),
    ("walls", walls.paint_walls),
    ("floor", floor.lay_floor),
    ("textiles", furnishings.recolour_textiles),
    ("furniture", furnishings.recolour_furniture),
)
"""What is done to each variant, each a step."""


def restyle(restyling: Restyling, info: EngineInfo) -> Generator[Progress | PreviewFrame | Result, None, None]:
    """Restyles a photo; close the generator to stop between two steps.

    Raises servicekit.errors.FailedPrecondition where the kept region leaves nearly nothing.
    """
    begin = perf_counter()
    seconds: dict[str, float] = {}
    total = restyling.variants * len(WORKS) + 1
    showing = preview_steps(total, restyling.previews)
    start = perf_counter()
    photo = scene.analyse_scene(restyling)
    kept = keep.kept(_asked(restyling, photo.layout))
    seconds["scene"] = perf_counter() - start
    step = 1
    yield Progress(step=step, total_steps=total)
    images: list[RGB] = []
    canvases: list[Canvas] = []
    for variant in range(restyling.variants):
        choice = surfaces.named(choose(restyling, variant), restyling.surfaces, seed=restyling.seed + variant)
        only = frozenset(surfaces.LABELS[name] for name in restyling.surfaces) or None
        canvas = Canvas(scene=photo, painted=photo.light.copy(), choice=choice, only=only)
        for name, work in WORKS:
            start = perf_counter()
            work(canvas)
            seconds[name] = seconds.get(name, 0.0) + perf_counter() - start
            step += 1
            yield Progress(step=step, total_steps=total)
            if step in showing:
                yield PreviewFrame(step=step, image=_finished(restyling, canvas, kept))
        canvases.append(canvas)
        images.append(_finished(restyling, canvas, kept))
    manifest = Manifest(
        engine=info,
        style=restyling.style.name,
        seed=restyling.seed,
        strength=restyling.strength,
        steps=total,
        surfaces=tuple(canvases[0].surfaces),
        palette_delta_e=palette_delta_e(images[0], recolourable(restyling, kept), restyling.palette),
        seconds=seconds,
        device_seconds=perf_counter() - begin,
        corrections=_applied(restyling, photo.layout),
    )
    yield Result(images=images, manifest=manifest, repainted=ade20k_of(canvases[0].repainted))


def _asked(restyling: Restyling, layout: Layout) -> Restyling:
    """The request with windows and doors in the regions that they are, and what was said to be left among what is kept.

    A map's own borders are blobs: what is kept by them would show as patches on what is painted by regions.
    """
    asked = restyling
    if restyling.maps.segmentation is not None:
        column = ade20k.index("column")
        regions = np.where(restyling.maps.segmentation == column, np.uint8(column), ade20k_of(layout.labels))
        asked = replace(restyling, maps=replace(restyling.maps, segmentation=regions))
    if layout.corrected is None:
        return asked
    said = layout.corrected != corrections.NOBODYS
    left = (corrections.meant(restyling.corrections) == Label.OTHER)[layout.corrected] & said
    keep_too = left if restyling.keep is None else restyling.keep | left
    return replace(asked, keep=keep_too if keep_too.any() else None)


def _applied(restyling: Restyling, layout: Layout) -> tuple[AppliedCorrection, ...]:
    if layout.corrected is None:
        return ()
    shares = [float((layout.corrected == number).mean()) for number in range(len(restyling.corrections))]
    return tuple(
        AppliedCorrection(correction=one, area=share) for one, share in zip(restyling.corrections, shares, strict=True)
    )


def _finished(restyling: Restyling, canvas: Canvas, kept: Mask | None) -> RGB:
    """The canvas at the strength asked for, with what is kept exactly as it was."""
    picture = canvas.picture()
    window = canvas.scene.layout.mask(Label.WINDOW).astype(bool)
    share = 1.0 - (1.0 - restyling.strength) ** 2
    if share < 1.0:
        difference = picture.astype(np.float32) - restyling.photo
        picture = np.rint(restyling.photo + share * difference).astype(np.uint8)
    picture = np.where(window[..., None], restyling.photo, picture)
    return keep.composite(restyling.photo, picture, kept)
