"""What a completed job made: the record that the worker writes and api turns into URLs."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.clients.diffusion import Surface
from servicekit.types.corrections import AppliedCorrection
from servicekit.types.modes import RoomMode
from servicekit.types.objects import DetectedObject
from servicekit.types.rooms import RoomType


@dataclass(frozen=True, kw_only=True)
class ModelUsed:
    """A model that took part."""

    name: str
    revision: str

    licence: str = ""
    """Empty where none is known."""


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """A result that was made and judged."""

    seed: int

    quality: Mapping[str, float]
    """As JobResult.quality."""


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What a completed job made. Keys are of the object store."""

    style: str
    original_key: str
    transformed_keys: tuple[str, ...]
    thumbnail_key: str
    before_after_key: str
    control_map_keys: Mapping[str, str]
    detections: tuple[DetectedObject, ...]
    room_type: RoomType
    room_probability: float
    engine: str
    models: tuple[ModelUsed, ...]
    seed: int
    strength: float
    surfaces: tuple[Surface, ...]
    palette_delta_e: float | None

    quality: Mapping[str, float]
    """`structure`, `palette`, `keep`, `sharpness`, `overall`, each 0–1."""

    stage_seconds: Mapping[str, float]
    processing_seconds: float
    device_seconds: float
    estimated_cost_usd: float
    warnings: tuple[str, ...]

    attempts: tuple[AttemptRecord, ...] = ()
    """One, or two where the quality of the first was too low; the better one comes first."""

    mode: RoomMode = RoomMode.RESTYLE

    group: str = ""
    """The caller's word for photos of one room; empty for none."""

    style_image_key: str = ""
    """The picture whose look was wanted; empty for none."""

    corrections: tuple[AppliedCorrection, ...] = ()
    """What was said to be where, and what it was taken for."""

    style_image_palette: tuple[str, ...] = ()
    """`#RRGGBB` that were taken from it; empty where its look was taken whole."""

    safety_checked: bool = False
    """Whether the pictures passed a safety check."""


@dataclass(frozen=True, kw_only=True)
class JobError:
    """Why a job failed, as its tenant may know it."""

    code: str
    """Stable, UPPER_SNAKE_CASE."""

    message: str
    retryable: bool


def encode(value: JobResult | JobError) -> str:
    """As JSON."""
    return msgspec.json.encode(value).decode()


def decode_result(text: str) -> JobResult:
    """From JSON; raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=JobResult)


def decode_error(text: str) -> JobError:
    """From JSON; raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=JobError)
