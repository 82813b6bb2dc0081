"""From an engine to the maps, the room type and the scores that a caller asks for."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence

from controlmaps import assess, canny, classify, depth, segmentation, structure
from controlmaps.domain import Classification, ControlMap, Layout, MapKind, Pair, Quality
from controlmaps.engine import Engine
from servicekit.imaging.arrays import RGB


class Pipeline:
    """Asks the engine for what it alone can know, and works the rest out beside the event loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def classify(self, photo: RGB) -> Classification:
        """The room type: every type once."""
        return classify.completed(await self.engine.classify(photo))

    async def generate(self, photo: RGB, kinds: Sequence[MapKind]) -> list[ControlMap]:
        """The maps, in the order asked for, drawn together."""
        try:
            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(part) for part in self._parts(photo, frozenset(kinds))]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures  # one tells the caller enough, a group nothing
        drawn = {one.kind: one for part in parts for one in part.result()}
        return [drawn[kind] for kind in kinds]

    async def assess(self, pair: Pair) -> Quality:
        """The scores of a pair; where things are is asked of the engine for both pictures, reduced."""
        original, result = (structure.reduced(picture) for picture in (pair.original, pair.result))
        before, after = await asyncio.gather(self._layout(original), self._layout(result))
        return await asyncio.to_thread(assess.score, pair, before, after)

    async def _layout(self, picture: RGB) -> Layout:
        if not self.engine.measures_depth:
            return Layout(surfaces=await self.engine.segment(picture))
        surfaces, inverse_depth = await asyncio.gather(self.engine.segment(picture), self.engine.depth(picture))
        return Layout(surfaces=surfaces, depth=inverse_depth)

    def _parts(self, photo: RGB, kinds: frozenset[MapKind]) -> Iterator[Coroutine[None, None, list[ControlMap]]]:
        if MapKind.CANNY in kinds:
            yield self._canny(photo)
        if MapKind.DEPTH in kinds:
            yield self._depth(photo)
        if kinds & {MapKind.SEGMENTATION, MapKind.CONFIDENCE}:
            yield self._segmentation(photo)

    async def _canny(self, photo: RGB) -> list[ControlMap]:
        return [ControlMap(kind=MapKind.CANNY, pixels=await asyncio.to_thread(canny.draw, photo))]

    async def _depth(self, photo: RGB) -> list[ControlMap]:
        found = await self.engine.depth(photo)
        return [ControlMap(kind=MapKind.DEPTH, pixels=await asyncio.to_thread(depth.draw, found))]

    async def _segmentation(self, photo: RGB) -> list[ControlMap]:
        found = await self.engine.segment(photo)
        labels, confidence = await asyncio.to_thread(
            lambda: (segmentation.draw(found), segmentation.draw_confidence(found))
        )
        return [
            ControlMap(kind=MapKind.SEGMENTATION, pixels=labels),
            ControlMap(kind=MapKind.CONFIDENCE, pixels=confidence),
        ]
