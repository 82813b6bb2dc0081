"""API keys: what one looks like, and what is kept of it.

    modomo_3f9a1c2b_kq0S…   public id (8 characters), secret (32 random bytes, base64url)

Kept is `SHA-256(key)`, compared in constant time. A key holds 256 random bits, so there is no dictionary to go
through, and a slow hash (scrypt, Argon2) would add nothing but a tenth of a second of CPU for each request, which
anybody could make us spend. For passwords that people choose it would be the other way round.
"""

import hashlib
import hmac
import re
import secrets
import string
from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.api.auth import Caller, Scope

PREFIX: Final = "modomo_"
ID_LENGTH: Final = 8
_SECRET_BYTES: Final = 32
_FORM: Final = re.compile(rf"{PREFIX}([a-z0-9]{{{ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a key; a tenant may have several, so that keys can be changed without a break."""

    id: str
    """Public: names the key in logs and in this file."""

    tenant: str = msgspec.field(name="owner")
    """Whose jobs it sees; the file calls it `owner`."""

    scopes: tuple[Scope, ...]

    sha256: str
    """Of the whole key, hex."""

    expires: datetime | None = None
    """When it stops being good."""

    units_per_minute: int = 0
    """0 for as many as the settings say."""

    batch: bool = False
    """Whether all that it submits has the priority `batch`."""

    def __post_init__(self) -> None:
        """Raises ValueError naming what is wrong."""
        if not re.fullmatch(rf"[a-z0-9]{{{ID_LENGTH}}}", self.id):
            raise ValueError(f"id must be {ID_LENGTH} characters of a–z and 0–9")
        if not _TENANT.fullmatch(self.tenant):
            raise ValueError("owner must be a name of letters, digits, '.', '_' and '-', at most 63 characters")
        if not self.scopes:
            raise ValueError(f"key {self.id} has no scopes")
        if not _DIGEST.fullmatch(self.sha256):
            raise ValueError(f"sha256 of key {self.id} must be 64 hex digits")
        if self.expires is not None and self.expires.tzinfo is None:
            raise ValueError(f"expires of key {self.id} must say its time zone, such as 2027-01-01T00:00:00Z")
        if self.units_per_minute < 0:
            raise ValueError(f"units_per_minute of key {self.id} must not be negative")

    @property
    def caller(self) -> Caller:
        """Whoever shows it."""
        return Caller(
            tenant=f"key:{self.tenant}",
            scopes=frozenset(self.scopes),
            units_per_minute=self.units_per_minute,
            batch=self.batch,
        )

    def fits(self, key: str) -> bool:
        """Whether this is the key, and still good; takes the same time whatever is wrong."""
        same = hmac.compare_digest(digest(key), self.sha256)
        return same and (self.expires is None or datetime.now(UTC) < self.expires)


def key_id(key: str) -> str:
    """The public id of what looks like a key; empty for what does not."""
    match = _FORM.fullmatch(key)
    return match[1] if match else ""


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def draw(
    tenant: str,
    scopes: tuple[Scope, ...],
    *,
    expires: datetime | None = None,
    units_per_minute: int = 0,
    batch: bool = False,
) -> tuple[str, KeyRecord]:
    """A new key, to be shown once, and its record; raises ValueError."""
    public = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(ID_LENGTH))
    key = f"{PREFIX}{public}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    record = KeyRecord(
        id=public,
        tenant=tenant,
        scopes=scopes,
        sha256=digest(key),
        expires=expires,
        units_per_minute=units_per_minute,
        batch=batch,
    )
    return key, record
