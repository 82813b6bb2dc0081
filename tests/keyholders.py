"""Callers with keys, for tests of who may do what."""

from dataclasses import dataclass
from typing import Any

from gateway.identity import Scope
from gateway.identity.__main__ import as_toml
from gateway.identity.keys import draw


@dataclass(frozen=True, kw_only=True)
class KeyHolder:
    """Somebody with an API key."""

    key: str
    toml: str
    """What the gateway keeps of the key."""

    @property
    def headers(self) -> dict[str, str]:
        """What the holder sends."""
        return {"Authorization": f"Bearer {self.key}"}


def key_holder(owner: str, *scopes: Scope, **options: Any) -> KeyHolder:
    """Draws a key; without scopes, for submitting and reading."""
    key, record = draw(owner, scopes or (Scope.SUBMIT, Scope.READ), **options)
    return KeyHolder(key=key, toml=as_toml(record))


def key_file(*holders: KeyHolder) -> str:
    """The keys of all of them, as the gateway reads it."""
    return "\n\n".join(holder.toml for holder in holders)
