"""Object keys of a job's pictures to links that the app can open."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.jobs.result import JobResult
from servicekit.storage import ObjectStore


@dataclass(frozen=True, kw_only=True)
class ResultLinks:
    """A completed job's pictures. A link that begins with `/` lies on the gateway itself."""

    record: JobResult
    transformed: tuple[str, ...]
    thumbnail: str
    original: str
    before_after: str
    control_maps: Mapping[str, str]


class Linker:
    """Signs links that are good for a while."""

    def __init__(self, store: ObjectStore, *, seconds: int) -> None:
        self._store = store
        self._seconds = seconds

    async def link(self, key: str) -> str:
        """A link to one picture."""
        return await self._store.url(key, expires_seconds=self._seconds)

    async def result(self, record: JobResult) -> ResultLinks:
        """Links to everything that a job made."""
        thumbnail, original, before_after, *others = await asyncio.gather(
            *map(self.link, (record.thumbnail_key, record.original_key, record.before_after_key)),
            *map(self.link, record.transformed_keys),
            *map(self.link, record.control_map_keys.values()),
        )
        variants = len(record.transformed_keys)
        return ResultLinks(
            record=record,
            transformed=tuple(others[:variants]),
            thumbnail=thumbnail,
            original=original,
            before_after=before_after,
            control_maps=dict(zip(record.control_map_keys, others[variants:], strict=True)),
        )
