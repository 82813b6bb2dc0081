"""Object storage for pictures: one Protocol, implemented on a local directory and on S3.

Keys are made by the server: lower-case letters, digits, `-`, `_`, `.` and `/`, no empty, `.` or `..` part. Every
implementation refuses others with ValueError: a defect of the caller, never a user's mistake.
"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_KEY: Final = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[a-z0-9][a-z0-9._-]*(/[a-z0-9._-]+)*")
MAX_KEY_LENGTH: Final = 512
_FILENAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """What is stored under a key."""

    key: str
    data: bytes
    content_type: str


class ObjectStore(Protocol):
    """Keeps objects under keys. Failures are servicekit.errors.ServiceError: NotFound, or Unavailable after retries."""

    async def put(self, key: str, data: bytes, *, content_type: str, durable: bool = True) -> None:
        """Stores an object, replacing any of that key; others see it whole or not at all.

        One that need not be durable may be lost, or be damaged, where the machine loses its power soon after.
        """

    async def put_all(self, objects: Sequence[StoredObject]) -> None:
        """Stores several, each as `put` does; where it raises, any of them may be stored."""

    async def get(self, key: str) -> bytes:
        """Reads an object; raises NotFound."""

    async def delete(self, key: str) -> None:
        """Deletes an object, if it exists."""

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Yields the keys that start with `prefix`, in no particular order."""

    async def url(self, key: str, *, expires_seconds: int, filename: str = "") -> str:
        """A signed link to the object, until it expires. The object need not exist.

        With a `filename`, browsers save what the link leads to under it and do not show it.
        """

    async def check(self) -> None:
        """Raises Unavailable where the store cannot be reached."""

    async def close(self) -> None:
        """Closes connections."""


def validate_key(key: str) -> str:
    """Returns the key; raises ValueError for a malformed one."""
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key[:80]!r}")
    return key


def is_filename(text: str) -> bool:
    """Whether a browser may save an object under this name."""
    return bool(_FILENAME.fullmatch(text))


def attachment(filename: str) -> str:
    """The `Content-Disposition` (RFC 6266) that has it saved; raises ValueError for what is no plain name."""
    if not is_filename(filename):
        raise ValueError(f"not a file name: {filename[:80]!r}")
    return f'attachment; filename="{filename}"'


async def delete_all(store: ObjectStore, prefix: str) -> int:
    """Deletes every object whose key starts with `prefix`; returns how many there were."""
    keys = [key async for key in store.list(prefix)]
    for key in keys:
        await store.delete(key)
    return len(keys)
