"""Object keys of a job's pictures to links that the app can open."""

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
        return ResultLinks(
            record=record,
            transformed=tuple([await self.link(key) for key in record.transformed_keys]),
            thumbnail=await self.link(record.thumbnail_key),
            original=await self.link(record.original_key),
            before_after=await self.link(record.before_after_key),
            control_maps={kind: await self.link(key) for kind, key in record.control_map_keys.items()},
        )
