"""Detection's settings, read from `MODOMO_DETECTION_*`."""

from dataclasses import dataclass
from typing import Final, Literal

from servicekit.settings import ProcessSettings

PREFIX: Final = "MODOMO_DETECTION_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Detection's settings."""

    listen: str = "127.0.0.1:50051"
    """`host:port` of the gRPC server."""

    engine: Literal["lite"] = "lite"
    """What finds the objects."""

    queue_limit: int = 16
    """Requests that may wait for the device; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""
