"""The worker's settings, read from `MODOMO_WORKER_*`."""

from dataclasses import dataclass
from typing import Final, Literal

from gateway.clients.diffusion import Tier
from gateway.settings import GatewaySettings

PREFIX: Final = "MODOMO_WORKER_"


@dataclass(frozen=True, kw_only=True)
class WorkerSettings(GatewaySettings):
    """Settings of `gateway worker`."""

    parallel_jobs: int = 4
    """Jobs that one process drives at a time; the work itself is done elsewhere."""

    beside: tuple[Literal["detection", "controlmaps", "diffusion"], ...] = ()
    """Services that stand beside this worker alone, in its own pod: it claims jobs only while all of them serve."""

    previews: int = 3
    """Pictures of the unfinished result that are asked for, 0–8, beside the first look."""

    tier: Tier = Tier.DEFAULT
    """How much time the engine may spend on a result."""

    quality_bar: float = 0.67
    """A result whose overall quality is lower is made once more with another seed, and the better one is taken. The
    default lies between published restylings and spoilt ones: `python -m tools.quality_bar`."""

    retry_seconds: float = 1.0
    """Pause before a job that failed for a passing reason is tried again; doubles with each try."""

    device_usd_per_hour: float = 0.0
    """Price of the device that restyles, for the estimated cost of a job; `lite` costs nothing."""

    cache_days: int = 1
    """Results of single stages are kept for so many days after the day on which they were made."""

    sweep_seconds: float = 600.0
    """Pause between two sweeps for what has expired."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        super().__post_init__()
        for name in ("parallel_jobs", "sweep_seconds", "retry_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in ("device_usd_per_hour", "cache_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if not 0 <= self.previews <= 8:
            raise ValueError("previews must lie in 0–8")
        if not 0.0 <= self.quality_bar <= 1.0:
            raise ValueError("quality_bar must lie in 0–1")
