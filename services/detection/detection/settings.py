"""Detection's settings, read from `MODOMO_DETECTION_*`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from servicekit.config.env import shared
from servicekit.config.settings import ProcessSettings

PREFIX: Final = "MODOMO_DETECTION_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings):
    """Detection's settings."""

    listen: str = "127.0.0.1:50051"
    """`host:port` of the gRPC server."""

    engine: Literal["lite", "torch", "triton", "modal"] = "lite"
    """What finds the objects."""

    queue_limit: int = 16
    """Requests that may wait for the device, or be under way on Modal; more are refused with RESOURCE_EXHAUSTED."""

    threads: int = 1
    """Requests that the lite engine works on at a time."""

    weights: Path = shared(Path("weights"))
    """Directory of the local weights store, for the torch engine."""

    device: str = "auto"
    """Device of the torch engine: `auto`, `cpu`, `cuda` or `cuda:1`."""

    detector: Literal["yolo11", "yolo11-nano", "yoloe"] = "yolo11"
    """Which detector of the weights' manifest the torch engine runs; `yoloe` knows names beyond COCO's 80."""

    segmenter: Literal["sam2", "sam2-tiny"] = "sam2"
    """Which SAM 2.1 of the weights' manifest the torch engine runs."""

    detector_side: int = 640
    """Pixels that a photo's longer side is brought to for the detector; a multiple of 32."""

    min_confidence: float = 0.25
    """The torch engine's own threshold; 0–1."""

    triton: str = shared("127.0.0.1:8001")
    """`host:port` of Triton's gRPC endpoint, for the triton engine."""

    modal: str = shared("modomo")
    """Name of the app on Modal (deploy/modal), for the modal engine."""

    def __post_init__(self) -> None:
        if self.threads < 1 or self.queue_limit < 0:
            raise ValueError("threads must be at least 1, and queue_limit not negative")
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ValueError("min_confidence must lie in 0–1")
        if not 64 <= self.detector_side <= 2048 or self.detector_side % 32:
            raise ValueError("detector_side must be a multiple of 32 in 64–2048")
