"""Settings of the maker of first looks, read from `MODOMO_FIRSTLOOK_*`."""

from dataclasses import dataclass
from typing import Final

from gateway.settings import GatewaySettings

PREFIX: Final = "MODOMO_FIRSTLOOK_"


@dataclass(frozen=True, kw_only=True)
class FirstLookSettings(GatewaySettings):
    """Settings of `gateway firstlook`. The services that it is told of run their lite engines."""

    parallel_jobs: int = 2
    """Jobs whose first looks are made at a time."""

    cache_days: int = 1
    """As the worker's: what the sweeper leaves, which runs here as well."""

    sweep_seconds: float = 600.0
    """Pause between two sweeps for what has expired."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        super().__post_init__()
        for name in ("parallel_jobs", "sweep_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0")
        if self.cache_days < 0:
            raise ValueError("cache_days must not be negative")
