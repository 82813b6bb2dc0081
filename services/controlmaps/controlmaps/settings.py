"""Controlmaps' settings, read from `MODOMO_CONTROLMAPS_*`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from servicekit.config.env import shared
from servicekit.config.settings import ProcessSettings

PREFIX: Final = "MODOMO_CONTROLMAPS_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Controlmaps' settings."""

    listen: str = "127.0.0.1:50052"
    """`host:port` of the gRPC server."""

    engine: Literal["lite", "torch", "triton", "modal"] = "lite"
    """What analyses the photos."""

    queue_limit: int = 16
    """Requests that may wait for the device, or be under way on Modal; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""

    recent_photos: int = 6
    """Without effect since a call of Analyze answers all about a photo; accepted where it is still set."""

    room_threshold: float = 0.5
    """Photos that show a room with at least this probability are called rooms; 0–1."""

    weights: Path = shared(Path("weights"))
    """Directory of the local weights store, for the torch engine."""

    device: str = "auto"
    """Device of the torch engine: `auto`, `cpu`, `cuda` or `cuda:1`."""

    depth_model: Literal["dpt", "depth-anything-small"] = "dpt"
    """Which depth model of the weights' manifest is used."""

    segmentation_model: Literal["upernet", "upernet-tiny"] = "upernet"
    """Which segmentation model of the weights' manifest is used."""

    classifier_directory: Path | None = None
    """An image classifier in transformers' form, for the torch engine to use in place of SigLIP 2."""

    reduced: bool = False
    """The torch engine reduced to what a machine without a GPU can do: smaller working sizes, bfloat16 where the
    processor computes in it, and roomnet for room types and for laying out the pairs that are scored."""

    temperature: float = 1.0
    """Divides the classifier's logits: above 1 makes it less sure. `python -m controlmaps.calibrate` finds it."""

    triton: str = shared("127.0.0.1:8001")
    """`host:port` of Triton's gRPC endpoint, for the triton engine."""

    modal: str = shared("modomo")
    """Name of the app on Modal (deploy/modal), for the modal engine."""

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError("temperature must be above 0")
        if not 0.0 <= self.room_threshold <= 1.0:
            raise ValueError("room_threshold must lie in 0–1")
        if self.threads < 1 or self.queue_limit < 0:
            raise ValueError("threads must be at least 1, and queue_limit not negative")
