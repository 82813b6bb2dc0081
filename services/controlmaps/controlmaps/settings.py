"""Controlmaps' settings, read from `MODOMO_CONTROLMAPS_*`."""

from dataclasses import dataclass
from typing import Final, Literal

from servicekit.settings import ProcessSettings

PREFIX: Final = "MODOMO_CONTROLMAPS_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Controlmaps' settings."""

    listen: str = "127.0.0.1:50052"
    """`host:port` of the gRPC server."""

    engine: Literal["lite"] = "lite"
    """What understands the photos."""

    queue_limit: int = 16
    """Requests that may wait for the device; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""

    recent_photos: int = 6
    """Photos whose understanding is kept, so that several calls about one photo cost one analysis."""

    room_threshold: float = 0.5
    """Photos that show a room with at least this probability are called rooms; 0–1."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.room_threshold <= 1.0:
            raise ValueError("room_threshold must lie in 0–1")
        if self.recent_photos < 1:
            raise ValueError("recent_photos must be at least 1")
