"""Detection with nothing to download, on our own room network (roomnet)."""

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np

import roomnet
from detection.domain import Box, Candidate
from roomnet import Ade, RoomAnalysis
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.executor import DeviceExecutor
from servicekit.types.objects import ObjectLabel

OBJECTS: Final = {
    Ade.BED: ObjectLabel.BED,
    Ade.WINDOW: ObjectLabel.WINDOW,
    Ade.CABINET: ObjectLabel.CABINET,
    Ade.DOOR: ObjectLabel.DOOR,
    Ade.TABLE: ObjectLabel.TABLE,
    Ade.PLANT: ObjectLabel.PLANT,
    Ade.CURTAIN: ObjectLabel.CURTAIN,
    Ade.CHAIR: ObjectLabel.CHAIR,
    Ade.PAINTING: ObjectLabel.PICTURE,
    Ade.SOFA: ObjectLabel.SOFA,
    Ade.SHELF: ObjectLabel.SHELF,
    Ade.MIRROR: ObjectLabel.MIRROR,
    Ade.RUG: ObjectLabel.RUG,
    Ade.ARMCHAIR: ObjectLabel.ARMCHAIR,
    Ade.DESK: ObjectLabel.DESK,
    Ade.WARDROBE: ObjectLabel.WARDROBE,
    Ade.LAMP: ObjectLabel.LAMP,
    Ade.BATHTUB: ObjectLabel.BATHTUB,
    Ade.CUSHION: ObjectLabel.CUSHION,
    Ade.BOX: ObjectLabel.OTHER,
    Ade.COUNTER: ObjectLabel.COUNTER,
    Ade.SINK: ObjectLabel.SINK,
    Ade.FIREPLACE: ObjectLabel.FIREPLACE,
    Ade.REFRIGERATOR: ObjectLabel.REFRIGERATOR,
    Ade.BLIND: ObjectLabel.CURTAIN,
    Ade.COFFEE_TABLE: ObjectLabel.COFFEE_TABLE,
    Ade.TOILET: ObjectLabel.TOILET,
    Ade.LIGHT: ObjectLabel.LAMP,
    Ade.TELEVISION: ObjectLabel.TELEVISION,
    Ade.STOOL: ObjectLabel.STOOL,
    Ade.OVEN: ObjectLabel.OVEN,
    Ade.SCREEN: ObjectLabel.TELEVISION,
    Ade.SHOWER: ObjectLabel.SHOWER,
}
"""What of roomnet's labels is an object; walls, floors and ceilings are not."""

SMALLEST: Final = 0.002
"""Regions below this share of the photo count as noise."""
LEAST_CONFIDENCE: Final = 0.15
"""Candidates below are left out."""


class LiteEngine:
    """Objects as connected regions of roomnet's labels: things of one kind that touch are one."""

    def __init__(self, executor: DeviceExecutor) -> None:
        self._executor = executor

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        model = Model(name="roomnet", revision=roomnet.revision(), licence="Apache-2.0")
        return EngineInfo(name="lite", models=(model,))

    async def load(self) -> None:
        """Runs once on a small grey picture."""
        await self.detect(np.full((64, 64, 3), 128, dtype=np.uint8), masks=False)

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Connected regions, one candidate each."""
        return await self._executor.run(lambda: list(candidates(roomnet.analyse(photo), masks=masks)))

    async def close(self) -> None:
        """Ends the worker thread."""
        self._executor.close()


def candidates(analysis: RoomAnalysis, *, masks: bool) -> Iterator[Candidate]:
    """Yields every connected region of one object label that is large and sure enough."""
    for label in np.unique(analysis.labels):
        if label not in OBJECTS:
            continue
        region = (analysis.labels == label).astype(np.uint8)
        count, numbers, stats, _centres = cv2.connectedComponentsWithStats(region, connectivity=8)
        for number in range(1, count):
            left, top, width, height, area = (int(value) for value in stats[number])
            inside = numbers[top : top + height, left : left + width] == number
            confidence = float(analysis.confidence[top : top + height, left : left + width][inside].mean())
            if area < SMALLEST * region.size or confidence < LEAST_CONFIDENCE:
                continue
            yield Candidate(
                label=OBJECTS[Ade(label)],
                confidence=min(1.0, confidence),
                box=Box(left=left, top=top, right=left + width, bottom=top + height),
                mask=numbers == number if masks else None,
            )
