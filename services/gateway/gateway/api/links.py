"""Object keys of a job's pictures to links that the app can open."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.jobs.result import JobResult
from servicekit.storage import ObjectStore

_MAX_RECENT: Final = 16_384
_ANY_KEY: Final = "any"


@dataclass(frozen=True, kw_only=True)
class ResultLinks:
    """A completed job's pictures. A link that begins with `/` lies on the gateway itself."""

    record: JobResult
    transformed: tuple[str, ...]
    thumbnail: str
    original: str
    before_after: str
    control_maps: Mapping[str, str]
    style_image: str
    """Empty for none."""
    downloads: tuple[str, ...]
    """As `transformed`, but browsers save what they lead to."""
    before_after_download: str


class UrlSigner:
    """Signs links that are good for a while.

    Whoever asks again soon gets the same link, so that an app that polls can keep the picture it has; signing for S3
    also takes a millisecond a link.
    """

    def __init__(self, store: ObjectStore, *, seconds: int) -> None:
        self._store = store
        self._seconds = seconds
        self._recent: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    async def link(self, key: str, filename: str = "") -> str:
        """A link to one picture, good for at least three quarters of the time; with a name, to be saved under it."""
        link, until = self._recent.get((key, filename), ("", 0.0))
        if time.monotonic() >= until:
            link = await self._store.url(key, expires_seconds=self._seconds, filename=filename)
            self._keep((key, filename), link, now=time.monotonic())
        return link

    def _keep(self, name: tuple[str, str], link: str, *, now: float) -> None:
        self._recent[name] = link, now + self._seconds / 4
        self._recent.move_to_end(name)  # so the first is the oldest
        while len(self._recent) > _MAX_RECENT or next(iter(self._recent.values()))[1] <= now:
            self._recent.popitem(last=False)

    async def origin(self) -> str:
        """Where browsers get pictures from, `https://host`; empty where that is the gateway. Raises ServiceError."""
        parts = urlsplit(await self.link(_ANY_KEY))
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    async def result(self, record: JobResult) -> ResultLinks:
        """Links to everything that a job made."""
        name = f"modomo-{record.style.replace('_', '-')}"
        return ResultLinks(
            record=record,
            transformed=tuple([await self.link(key) for key in record.transformed_keys]),
            thumbnail=await self.link(record.thumbnail_key),
            original=await self.link(record.original_key),
            before_after=await self.link(record.before_after_key),
            style_image=await self.link(record.style_image_key) if record.style_image_key else "",
            control_maps={kind: await self.link(key) for kind, key in record.control_map_keys.items()},
            downloads=tuple(
                [
                    await self.link(key, f"{name}-{number}.jpg" if number > 1 else f"{name}.jpg")
                    for number, key in enumerate(record.transformed_keys, start=1)
                ]
            ),
            before_after_download=await self.link(record.before_after_key, f"{name}-before-after.jpg"),
        )
