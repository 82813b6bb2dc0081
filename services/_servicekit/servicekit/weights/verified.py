"""Which files were hashed when: a start reads the bytes of a file again only if it has changed since."""

import os
from pathlib import Path
from typing import Final

import msgspec

from servicekit.weights.checks import sha256

NAME: Final = ".verified"
"""File in the store, beside its lock. Losing it costs one reading of every byte."""
SECOND: Final = 1_000_000_000
"""In nanoseconds."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file as it was when it was hashed."""

    size: int
    """Bytes."""

    modified: int
    """Nanoseconds since 1970, of the last change to its content."""

    sha256: str
    """64 hexadecimal digits."""

    @property
    def times(self) -> tuple[int, int]:
        """That change, and as archives, and with them container images, keep it: in whole seconds."""
        return self.modified, self.modified // SECOND * SECOND


class Verified:
    """SHA-256 of a store's files, remembered by size and time of change, as `make` and git do."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / NAME

    def digest(self, file: Path) -> str:
        """SHA-256 of a file, read only where it has changed since it was read last."""
        state = file.stat()
        seen = self._read().get(self._key(file))
        if seen is not None and seen.size == state.st_size and state.st_mtime_ns in seen.times:
            return seen.sha256
        digest = sha256(file)
        self.record(file, digest)
        return digest

    def record(self, file: Path, digest: str) -> None:
        """Remembers a file's digest; a store that cannot be written goes without."""
        state = file.stat()
        seen = Seen(size=state.st_size, modified=state.st_mtime_ns, sha256=digest)
        draft = self._path.with_name(f"{NAME}.{os.getpid()}")
        try:
            draft.write_bytes(msgspec.json.encode({**self._read(), self._key(file): seen}))
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)

    def _key(self, file: Path) -> str:
        return file.relative_to(self._directory).as_posix()

    def _read(self) -> dict[str, Seen]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Seen])
        except (OSError, msgspec.MsgspecError):
            return {}
