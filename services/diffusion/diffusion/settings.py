"""Diffusion's settings, read from `MODOMO_DIFFUSION_*`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from servicekit.settings import ProcessSettings

PREFIX: Final = "MODOMO_DIFFUSION_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Diffusion's settings."""

    listen: str = "127.0.0.1:50053"
    """`host:port` of the gRPC server."""

    engine: Literal["lite"] = "lite"
    """What restyles; previews always come from the lite engine."""

    queue_limit: int = 16
    """Requests that may wait for the device; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""

    styles: Path | None = None
    """A directory with more styles, one TOML file each; None for the package's own alone."""
