"""What a job is asked to do: the payload that api writes and the worker reads."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from servicekit.types.corrections import Correction
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName

SEEDS: Final = 2**53
"""Seeds lie below: a number in JSON holds no more digits exactly."""


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What the caller prefers; checked and complete."""

    keep_furniture: bool = False

    color_palette: tuple[str, ...] = ()
    """`#RRGGBB`, upper case, at most 8."""

    room_type: RoomType | None = None

    strength: float | None = None
    """0–1; None for the style's default."""

    seed: int | None = None
    """0 ≤ seed < SEEDS; None lets the service draw one."""

    variants: int = 1
    """1–4."""

    keep: tuple[str, ...] = ()
    """Ids of detections, `sofa-1`."""

    require_room: bool = False
    """Refuse a photo that shows no room, instead of completing with a warning."""

    mode: RoomMode = RoomMode.RESTYLE

    repaint_openings: bool = False
    """Whether windows and doors may be repainted."""

    group: str = ""
    """Photos of one room whose results share materials, colours and seed; empty for none."""

    corrections: tuple[Correction, ...] = ()
    """What is where, by somebody who has looked; at most MAX_CORRECTIONS."""

    surfaces: Mapping[SurfaceName, str] = field(default_factory=dict)
    """What alone is to be repainted: a colour `#RRGGBB`, upper case, or a material for each; none for everything."""


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A photo, stored, and what to make of it."""

    style: str
    preferences: Preferences

    photo_digest: str
    """SHA-256 of the optimised photo, hex: stages of the same photo share their results."""

    width: int
    height: int

    style_image_digest: str = ""
    """SHA-256 of the picture whose look is wanted, as stored beside the photo, hex; empty for none."""


def seed(request: JobRequest, job_id: str) -> int:
    """The caller's, or one made of the job's id: a job that is retried, and its first look, make the same."""
    if request.preferences.seed is not None:
        return request.preferences.seed
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:8]) % SEEDS


def has_first_look(request: JobRequest) -> bool:
    """Whether a first look, which the lite engine makes, can show what is asked for and comes before the result.

    That engine furnishes and clears nothing. Corrections are its own: whoever takes them is as quick with all of it.
    """
    return request.preferences.mode is RoomMode.RESTYLE and not request.preferences.corrections


def encode(request: JobRequest) -> str:
    """As JSON."""
    return msgspec.json.encode(request).decode()


def decode(text: str) -> JobRequest:
    """From JSON; raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=JobRequest)
