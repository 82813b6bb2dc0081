"""What a photo shows, without a job."""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.api.auth import Caller
from gateway.api.transformations import Optimiser
from gateway.clients.controlmaps import RoomAnalysis
from gateway.clients.detection import Detections

_SECONDS: Final = 20.0


class RoomAnalyzer(Protocol):
    """Tells rooms apart."""

    async def analyze(self, photo: bytes, *, rooms_only: bool, seconds: float) -> RoomAnalysis:
        """What kind of room a JPEG shows, and its control maps unless only rooms are wanted; raises ServiceError."""


class Detector(Protocol):
    """Finds furniture and fixtures."""

    async def detect(self, photo: bytes, *, masks: bool, seconds: float) -> Detections:
        """All objects in a JPEG; raises ServiceError."""


@dataclass(frozen=True, kw_only=True)
class PhotoAnalysis:
    """What a photo shows."""

    room: RoomAnalysis
    detections: Detections

    width: int
    """Of the optimised photo, in pixels; boxes refer to it."""
    height: int
    jpeg: bytes
    """The optimised photo itself."""


class PhotoAnalyzer:
    """Asks both services at once."""

    def __init__(self, *, optimiser: Optimiser, rooms: RoomAnalyzer, detector: Detector) -> None:
        self._optimiser = optimiser
        self._rooms = rooms
        self._detector = detector

    async def analyze(self, data: bytes, caller: Caller, *, masks: bool = False) -> PhotoAnalysis:
        """Takes an upload as it came; raises InvalidArgument naming `file`, Exhausted or Unavailable."""
        photo = await self._optimiser.optimise(data, client=caller.client)
        room, detections = await asyncio.gather(
            self._rooms.analyze(photo.jpeg, rooms_only=True, seconds=_SECONDS),
            self._detector.detect(photo.jpeg, masks=masks, seconds=_SECONDS),
        )
        return PhotoAnalysis(room=room, detections=detections, width=photo.width, height=photo.height, jpeg=photo.jpeg)
