"""All keys that are good now: from a file, which may change while we run, and from the environment."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from gateway.api.auth import Caller
from gateway.api.auth.api_keys import KeyRecord, digest, key_id
from servicekit.errors import Unauthenticated
from servicekit.observability import logs

log = logs.get(__name__)

LOOK_SECONDS: Final = 1.0
"""A changed file is noticed within this time."""
MAX_BYTES: Final = 4 * 2**20


class KeysError(ValueError):
    """Keys cannot be read; the message says where and why, and shows none."""


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: list[KeyRecord] = []


def parse(text: str, *, source: str) -> dict[str, KeyRecord]:
    """Records by id, from TOML with one `[[key]]` a key; raises KeysError."""
    try:
        records = msgspec.toml.decode(text, type=_KeyFile).key
    except (msgspec.DecodeError, ValueError) as error:
        raise KeysError(f"{source}: {error}") from error
    known = {record.id: record for record in records}
    if len(known) < len(records):
        raise KeysError(f"{source}: two keys have the same id")
    return known


class KeyRing:
    """Knows keys by their id. A file that becomes unreadable changes nothing: the keys that were good stay good."""

    def __init__(self, *, text: str = "", path: Path | None = None) -> None:
        """`text` is the same TOML from the environment; raises KeysError."""
        self._fixed = parse(text, source="MODOMO_GATEWAY_API_KEYS")
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._next_look = 0.0
        self._from_file: Mapping[str, KeyRecord] = {}
        if path is not None:
            self._load(path)

    def __len__(self) -> int:
        """Number of keys, those that have expired included."""
        return len(self._fixed) + len(self._from_file)

    async def identify(self, key: str) -> Caller:
        """Whose key this is; raises Unauthenticated."""
        self._look()
        public = key_id(key)
        record = self._from_file.get(public) or self._fixed.get(public)
        if record is None:
            digest(key)  # so that an unknown id takes as long as a wrong secret
        elif record.fits(key):
            return record.caller
        raise Unauthenticated("KEY_INVALID", "This API key is not valid, or not any more.")

    def _look(self) -> None:
        if self._path is None or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        try:
            if _version(self._path) != self._seen:
                self._load(self._path)
                log.info("API keys read anew", keys=len(self._from_file))
        except KeysError as error:
            log.error("API keys cannot be read; those read before stay", problem=str(error))

    def _load(self, path: Path) -> None:
        try:
            version = _version(path)
            if version[1] > MAX_BYTES:
                raise KeysError(f"{path}: more than {MAX_BYTES // 2**20} MB")
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KeysError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
        self._from_file = parse(text, source=str(path))
        self._seen = version


def _version(path: Path) -> tuple[int, int, int]:
    """Changes whenever the file does, also where it is a link that is put elsewhere, as Kubernetes does."""
    try:
        status = path.stat()
    except OSError as error:
        raise KeysError(f"{path}: {error.strerror}") from error
    return status.st_mtime_ns, status.st_size, status.st_ino
