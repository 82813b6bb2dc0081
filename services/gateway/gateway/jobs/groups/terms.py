"""What the jobs of a group have in common."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from gateway.jobs.request import SEEDS, Preferences
from servicekit.errors import InvalidArgument
from servicekit.types.modes import RoomMode
from servicekit.types.rooms import RoomType


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the first job of a group has said."""

    job_id: str
    """That job."""

    style: str
    color_palette: tuple[str, ...]
    room_type: RoomType | None
    strength: float | None
    seed: int
    mode: RoomMode
    style_image_digest: str
    """Empty for none."""


_FIELDS: Final = (
    ("style", "style"),
    ("mode", "preferences.mode"),
    ("color_palette", "preferences.color_palette"),
    ("room_type", "preferences.room_type"),
    ("strength", "preferences.strength"),
    ("seed", "preferences.seed"),
    ("style_image_digest", "style_image"),
)
_LEFT_OUT: Final = (None, (), "")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a job says of what a group has in common."""

    style: str
    preferences: Preferences
    style_image_digest: str = ""


def of(job_id: str, wish: Wish, *, tenant: str) -> Terms:
    """The terms that a job brings to a group that it is the first of.

    A seed that it leaves out is made of the tenant's and the group's names, so that a repeated request makes the same
    job.
    """
    preferences = wish.preferences
    drawn = hashlib.sha256(f"{tenant}\n{preferences.group}".encode()).digest()
    return Terms(
        job_id=job_id,
        style=wish.style,
        color_palette=preferences.color_palette,
        room_type=preferences.room_type,
        strength=preferences.strength,
        seed=int.from_bytes(drawn[:8]) % SEEDS if preferences.seed is None else preferences.seed,
        mode=preferences.mode,
        style_image_digest=wish.style_image_digest,
    )


def agreed(wish: Wish, terms: Terms) -> Wish:
    """The wish with what it leaves out taken from the terms; raises InvalidArgument naming what contradicts them."""
    said = {
        "style": wish.style,
        "style_image_digest": wish.style_image_digest,
        **{
            name: getattr(wish.preferences, name) for name in ("mode", "color_palette", "room_type", "strength", "seed")
        },
    }
    for name, field in _FIELDS:
        if said[name] not in _LEFT_OUT and said[name] != getattr(terms, name):
            message = f"{field} differs from that of the first photo of the group {wish.preferences.group!r}."
            raise InvalidArgument("GROUP_MISMATCH", message, field=field)
    shared = replace(
        wish.preferences,
        color_palette=terms.color_palette,
        room_type=terms.room_type,
        strength=terms.strength,
        seed=terms.seed,
    )
    return replace(wish, preferences=shared, style_image_digest=terms.style_image_digest)


def encode(terms: Terms) -> str:
    """As JSON."""
    return msgspec.json.encode(terms).decode()


def decode(text: str) -> Terms:
    """From JSON; raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=Terms)
