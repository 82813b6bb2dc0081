"""From an engine to the rooms, maps and scores that a caller asks for."""

import asyncio
from collections.abc import Sequence
from typing import Final

from controlmaps import assess, canny, classify, depth, segmentation, structure
from controlmaps.domain import Analysis, Classification, ControlMap, Layout, Pair, Quality
from controlmaps.engine import Engine
from controlmaps.engine.tasks import Task
from servicekit.imaging.arrays import RGB
from servicekit.types.control_maps import MapKind

TASKS: Final = {
    MapKind.DEPTH: Task.DEPTH,
    MapKind.SEGMENTATION: Task.SEGMENTATION,
    MapKind.CONFIDENCE: Task.SEGMENTATION,
}
"""What each kind of map is drawn from; Canny from the photo alone."""


class Pipeline:
    """Asks the engine for what it alone can know, and works the rest out beside the event loop."""

    def __init__(self, engine: Engine, *, assessor: Engine | None = None) -> None:
        """`assessor` lays out the pairs that are scored; None leaves that to the engine as well."""
        self.engine = engine
        self._assessor = assessor or engine

    async def analyze(self, photo: RGB, kinds: Sequence[MapKind]) -> tuple[Classification, list[ControlMap]]:
        """Every room type once, and the maps in the order asked for, from one analysis of the photo."""
        tasks = {Task.CLASSIFICATION} | {TASKS[kind] for kind in kinds if kind in TASKS}
        found = await self.engine.analyze(photo, tasks)
        maps = await asyncio.gather(*(asyncio.to_thread(_draw, kind, photo, found) for kind in kinds))
        return classify.completed(found["classification"]), maps

    @property
    def takes_maps(self) -> bool:
        """Whether the original's maps can stand for another look at it.

        They can where the same engine has drawn them and sees the same at every size, as the one network for everything
        does; a model of its own for each task looks more closely at a larger picture.
        """
        return self._assessor is self.engine and not self.engine.measures_depth

    async def assess(self, pair: Pair) -> Quality:
        """The scores of a pair; both pictures are analysed, reduced, the original where nothing is known of it."""
        original, result = (structure.reduced(picture) for picture in (pair.original, pair.result))
        if pair.seen is not None and self.takes_maps:
            before, after = structure.reduced_layout(pair.seen), await self._layout(result)
        else:
            before, after = await asyncio.gather(self._layout(original), self._layout(result))
        return await asyncio.to_thread(assess.score, pair, before, after)

    async def _layout(self, picture: RGB) -> Layout:
        measured = self._assessor.measures_depth
        tasks = {Task.SEGMENTATION, Task.DEPTH} if measured else {Task.SEGMENTATION}
        found = await self._assessor.analyze(picture, tasks)
        return Layout(surfaces=found["segmentation"], depth=found["depth"] if measured else None)


def _draw(kind: MapKind, photo: RGB, found: Analysis) -> ControlMap:
    match kind:
        case MapKind.DEPTH:
            pixels = depth.draw(found["depth"])
        case MapKind.CANNY:
            pixels = canny.draw(photo)
        case MapKind.SEGMENTATION:
            pixels = segmentation.draw(found["segmentation"])
        case MapKind.CONFIDENCE:
            pixels = segmentation.draw_confidence(found["segmentation"])
    return ControlMap(kind=kind, pixels=pixels)
