"""Results of single stages, kept by content: a retried job, or another style of the same photo, repeats no work.

An entry lies at `cache/{photo}/{day}/{stage}-{digest}.bin`, where the digest is of all that went into the stage and
`photo` stands for the photo and its tenant (`photo_id`), so that everything a tenant has of a photo can be deleted with
it, and no tenant learns by the time that a job takes what others have sent. The day is the one on
which it was made, so that the sweeper finds old entries by their names alone. An entry names the
engine that made it: entries of another engine, or of another revision of a model, than the stage has last run on are
ignored. An entry is not waited for until the disk has it, so it begins with the SHA-256 of what follows: one that a
power failure has damaged is no entry.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol, TypeVar

import msgspec
from prometheus_client import Counter

from gateway.jobs.stage import Stage, labels
from servicekit.errors import NotFound, ServiceError
from servicekit.inference.engine import EngineInfo
from servicekit.observability import logs
from servicekit.storage import ObjectStore

log = logs.get(__name__)

PREFIX: Final = "cache/"
_DIGEST_BYTES: Final = 32

LOOKUPS: Final = Counter("modomo_stage_cache_lookups_total", "Looks into the cache of stages", ["stage", "outcome"])


class StageOutput(Protocol):
    """The result of a stage: a dataclass of plain values."""

    @property
    def engine(self) -> EngineInfo:
        """The engine that made it."""


Value = TypeVar("Value", bound=StageOutput)


def _utc_today() -> date:
    return datetime.now(UTC).date()


class StageCache:
    """Entries in the object store. One that cannot be read or written costs time, never a job."""

    def __init__(self, store: ObjectStore, *, days: int, today: Callable[[], date] = _utc_today) -> None:
        """An entry is good for `days` days after the day on which it was made; `today` is the calendar."""
        self._store = store
        self._days = days
        self._today = today
        self._engines: dict[Stage, EngineInfo] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def get_or_make(
        self, stage: Stage, photo: str, kind: type[Value], make: Callable[[], Awaitable[Value]], *, digest: str = ""
    ) -> Value:
        """The entry for a photo, or else what `make` makes, which is then kept in the background.

        `photo` is a `photo_id`; `digest`, hex, is of all that goes into the stage, where that is more than the photo.
        """
        digest = digest or photo
        found = await self.known(stage, photo, kind, digest=digest)
        for label in labels(stage):
            LOOKUPS.labels(label, "hit" if found else "miss").inc()
        if found:
            return found
        made = await make()
        self._engines[stage] = made.engine
        task = asyncio.create_task(self._keep(self._key(self._today(), stage, photo, digest), made))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return made

    async def flush(self) -> None:
        """Returns when everything made so far is stored."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def sweep(self) -> None:
        """Removes entries that are too old."""
        oldest = (self._today() - timedelta(days=self._days)).isoformat()
        keys = [key async for key in self._store.list(PREFIX)]
        old = [key for key in keys if key.removeprefix(PREFIX).partition("/")[2] < oldest]
        for key in old:
            await self._store.delete(key)
        if old:
            log.info("cache swept", entries=len(old))

    async def known(self, stage: Stage, photo: str, kind: type[Value], *, digest: str = "") -> Value | None:
        """The entry for a photo, as `get_or_make` names it; None where there is none."""
        digest = digest or photo
        days = [self._today() - timedelta(days=age) for age in range(self._days + 1)]
        found = await asyncio.gather(*(self._read(self._key(day, stage, photo, digest), kind) for day in days))
        known = self._engines.get(stage)
        return next((entry for entry in found if entry and known in (None, entry.engine)), None)

    async def _read(self, key: str, kind: type[Value]) -> Value | None:
        try:
            return _decoded(await self._store.get(key), kind)
        except NotFound:
            return None
        except (ServiceError, ValueError) as error:
            log.warning("cache entry cannot be read", key=key, problem=str(error))
            return None

    async def _keep(self, key: str, made: StageOutput) -> None:
        try:
            await self._store.put(key, _encoded(made), content_type="application/octet-stream", durable=False)
        except ServiceError as error:
            log.warning("cache entry cannot be kept", key=key, problem=str(error))

    def _key(self, day: date, stage: Stage, photo: str, digest: str) -> str:
        return f"{of_photo(photo)}{day.isoformat()}/{stage}-{digest}.bin"


def _encoded(made: StageOutput) -> bytes:
    entry = msgspec.msgpack.encode(made)
    return hashlib.sha256(entry).digest() + entry


def _decoded(kept: bytes, kind: type[Value]) -> Value:
    """Raises ValueError (msgspec.MsgspecError) for an entry that is damaged or of another make."""
    entry = memoryview(kept)[_DIGEST_BYTES:]
    if hashlib.sha256(entry).digest() != kept[:_DIGEST_BYTES]:
        raise ValueError("the entry is damaged")
    return msgspec.msgpack.decode(entry, type=kind)


def photo_id(tenant: str, digest: str) -> str:
    """What a tenant's photo is called here: HMAC-SHA256 of its hex digest, keyed by the tenant's name; hex.

    A secret in place of the name would hide nothing, as the photos lie in the same store, and whoever lost it could not
    find the entries that a purge must delete.
    """
    return hmac.digest(tenant.encode(), digest.encode(), "sha256").hex()


def of_photo(photo: str) -> str:
    """Prefix of everything that is kept of a photo, named by its `photo_id`."""
    return f"{PREFIX}{photo}/"
