"""What an operator may choose about the app, read from `MODOMO_MODAL` and `MODOMO_MODAL_*` when it is deployed.

The services' own variables, such as `MODOMO_DIFFUSION_FAST_LORA`, go into the containers as they are at that moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servicekit.config import env

PREFIX: Final = "MODOMO_MODAL_"
SERVICES: Final = ("detection", "controlmaps", "diffusion")
WEIGHTS: Final = "/weights"

_TRAVEL: Final = (PREFIX, *(f"MODOMO_{service.upper()}_" for service in SERVICES))
_STAY: Final = ("_ENGINE", "_LISTEN", "_ADDRESS", "_PORT")
"""Ends of the names of variables that concern the services here, not the app."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the app runs on Modal."""

    modal: str = env.shared("modomo")
    """Name of the app, in the services' `MODOMO_MODAL`, too."""

    services: tuple[str, ...] = SERVICES
    """Whose engines a container hosts; a service that is left out needs another engine."""

    volume: str = "modomo-weights"
    """Volume that holds the store of weights."""

    gpu: str = "T4"
    """A name of Modal's for a GPU."""

    timeout_seconds: int = 120
    """How long one call may run, its wait for a container not counted."""

    startup_seconds: int = 600
    """How long a container may take to load the models."""

    min_containers: int = 0
    """Containers kept warm; 0 costs nothing while nobody comes, and the first caller the start of a container."""

    max_containers: int = 10

    scaledown_seconds: int = 60
    """How long an idle container waits for more work; paid as if it worked."""

    inputs: int = 4
    """Calls that a container takes at a time: what one job asks at once, so that a lone photo starts one container."""

    snapshot: bool = False
    """Start containers from a snapshot of their memory, taken when the libraries are loaded and no model is."""

    gpu_snapshot: bool = False
    """Snapshots of the GPU's memory, too, taken when the models are loaded and have run; needs `snapshot`. An alpha
    feature of Modal's."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        unknown = sorted(set(self.services) - set(SERVICES))
        if unknown or not self.services:
            raise ValueError(f"services must be some of {', '.join(SERVICES)}, not {', '.join(unknown) or 'none'}")
        if not 0 <= self.min_containers <= self.max_containers or self.max_containers < 1:
            raise ValueError("containers must be 0 ≤ min_containers ≤ max_containers, and max_containers at least 1")
        for name in ("timeout_seconds", "startup_seconds", "inputs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.gpu_snapshot and not self.snapshot:
            raise ValueError("gpu_snapshot is a kind of snapshot, and snapshot is false")
        if not 2 <= self.scaledown_seconds <= 1200:
            raise ValueError("scaledown_seconds must lie in 2–1200, which is what Modal takes")


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a container; the GPU is asked for by name, so that one without it fails at its start."""
    own = {name: text for name, text in environ.items() if name.startswith(_TRAVEL) and not name.endswith(_STAY)}
    devices = {f"MODOMO_{service.upper()}_DEVICE": "cuda" for service in SERVICES}
    return {**devices, **own, "MODOMO_MODAL": settings.modal, "MODOMO_WEIGHTS": WEIGHTS, "MODOMO_LOG_FORMAT": "json"}
