"""The lite engines of detection, controlmaps and diffusion in one process, asked as a job asks them."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Self

import numpy as np

import controlmaps.__main__ as controlmaps
import detection.__main__ as detection
from controlmaps.domain import Classification, ControlMap
from controlmaps.pipeline import Pipeline as ControlMaps
from controlmaps.settings import Settings as ControlMapsSettings
from detection.domain import Candidate, Query
from detection.pipeline import Pipeline as Detector
from detection.settings import Settings as DetectionSettings
from diffusion.domain import Maps, Restyling, Result
from diffusion.engine.lite import LiteEngine
from diffusion.pipeline import Pipeline as Diffusion
from diffusion.styles import Style, read_styles
from servicekit.imaging.arrays import RGB, Mask
from servicekit.inference.executor import DeviceExecutor
from servicekit.types import ade20k
from servicekit.types.control_maps import MapKind
from servicekit.types.rooms import RoomType
from tools.eval_rooms.stand_in import StandIn

SEED = 0
STYLES = ("modern", "scandinavian", "boho", "industrial", "minimalist")
"""Those that the API promises; the others are made of the same materials."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the engines say of a photo."""

    detections: Mapping[str, Candidate]
    """By id."""
    classification: Classification
    maps: Maps
    """All four."""

    @property
    def room_type(self) -> RoomType:
        """The most probable one."""
        rooms = self.classification.rooms
        return max(rooms, key=lambda room: rooms[room])


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """How long a photo took, from its pixels on."""

    look: float
    """Until detections, room type and maps are there."""
    preview: float
    """Until the first look where nothing is kept: it asks for no detections."""
    all: float
    """Until the restyled photo, without the preview."""


class Engines:
    """Use as an asynchronous context manager; loads on entering."""

    def __init__(self, styles: Sequence[str] = (), *, real: StandIn | None = None) -> None:
        """With all styles, or only those named; KeyError for one that there is not.

        `real` labels photos in the place of the lite engine.
        """
        self._real = real
        known = read_styles()
        self.styles = {name: known[name] for name in styles} if styles else known
        self._detection = detection.build_engine(DetectionSettings(engine="lite"))
        self._controlmaps = controlmaps.build_engine(ControlMapsSettings(engine="lite"))
        self._diffusion = LiteEngine(DeviceExecutor("diffusion"))
        self._detector = Detector(self._detection)
        self._mapper = ControlMaps(self._controlmaps)
        self._restyler = Diffusion(self._diffusion, preview_engine=self._diffusion, styles=self.styles)

    async def __aenter__(self) -> Self:
        for engine in (self._detection, self._controlmaps, self._diffusion):
            await engine.load()
        return self

    async def __aexit__(self, *_error: object) -> None:
        for engine in (self._detection, self._controlmaps, self._diffusion):
            await engine.close()

    async def look(self, photo: RGB) -> Seen:
        """Detections, room type and maps, asked for together."""
        query = Query(labels=frozenset(), min_confidence=0.0, masks=True)
        detections, (classification, maps) = await asyncio.gather(
            self._detector.detect(photo, query), self._mapper.analyze(photo, list(MapKind))
        )
        seen = Seen(detections=detections.objects, classification=classification, maps=_maps(maps))
        if self._real is None:
            return seen
        segmentation, confidence = self._real.labels(photo)
        return replace(seen, maps=replace(seen.maps, segmentation=segmentation, confidence=confidence))

    async def classify(self, photo: RGB) -> Classification:
        """The room type alone."""
        classification, _maps = await self._mapper.analyze(photo, ())
        return classification

    async def restyle(self, photo: RGB, seen: Seen, style: str, *, keep: Mask | None = None) -> Result:
        """A photo in a style, at the style's own strength and seed SEED."""
        request = _restyling(photo, seen, self.styles[style], keep)
        async with aclosing(self._restyler.transform(request)) as steps:
            async for step in steps:
                if isinstance(step, Result):
                    return step
        raise RuntimeError("the engine ended without a result")

    async def time(self, photo: RGB, style: str) -> Seconds:
        """How long a job takes on a photo that was not seen before."""
        start = perf_counter()
        classification, maps = await self._mapper.analyze(photo, list(MapKind))
        glance = Seen(detections={}, classification=classification, maps=_maps(maps))
        await self._restyler.preview(_restyling(photo, glance, self.styles[style], None))
        shown = perf_counter()
        seen = await self.look(photo)
        looked = perf_counter()
        await self.restyle(photo, seen, style)
        return Seconds(look=looked - shown, preview=shown - start, all=perf_counter() - shown)


def _maps(maps: Sequence[ControlMap]) -> Maps:
    """The maps as diffusion decodes them from the wire."""
    drawn = {one.kind: one.pixels for one in maps}
    return Maps(
        depth=drawn[MapKind.DEPTH],
        canny=drawn[MapKind.CANNY],
        segmentation=ade20k.labels(drawn[MapKind.SEGMENTATION]),
        confidence=np.asarray(drawn[MapKind.CONFIDENCE] / 255, dtype=np.float32),
    )


def _restyling(photo: RGB, seen: Seen, style: Style, keep: Mask | None) -> Restyling:
    return Restyling(
        photo=photo,
        style=style,
        room_type=seen.room_type,
        maps=seen.maps,
        keep=keep,
        strength=style.strength,
        seed=SEED,
    )
