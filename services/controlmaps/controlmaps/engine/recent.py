"""What was found out about the last few photos, so that several questions about one photo cost one analysis."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import numpy as np
from prometheus_client import Counter

from servicekit.imaging.arrays import RGB

LOOKUPS: Final = Counter(
    "modomo_analysis_cache_lookups_total", "Questions about a photo, by whether its analysis was known", ["outcome"]
)

Value = TypeVar("Value")

LARGEST_KEPT: Final = 4_000_000
"""Photos of more pixels are shared while they are worked on, but not kept."""


class Recent(Generic[Value]):
    """Results by a photo's content. Questions that arrive while one is being answered wait for the same answer."""

    def __init__(self, work: Callable[[RGB], Awaitable[Value]], *, limit: int) -> None:
        """`work` answers for a photo; `limit` photos are remembered. Failures are not."""
        self._work = work
        self._limit = limit
        self._known: OrderedDict[bytes, asyncio.Task[Value]] = OrderedDict()

    async def get(self, photo: RGB) -> Value:
        """The answer for a photo; raises what `work` raises."""
        key = await asyncio.to_thread(_digest, photo)
        task = self._known.get(key)
        LOOKUPS.labels("miss" if task is None else "hit").inc()
        if task is None:
            task = self._known[key] = asyncio.ensure_future(self._finish(photo))
            keep = photo.shape[0] * photo.shape[1] <= LARGEST_KEPT
            task.add_done_callback(lambda done: self._settle(key, done, keep=keep))
        self._known.move_to_end(key)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
        # one who asked may leave, the others still want the answer
        return await asyncio.shield(task)

    async def _finish(self, photo: RGB) -> Value:
        return await self._work(photo)

    def _settle(self, key: bytes, task: "asyncio.Task[Value]", *, keep: bool) -> None:
        failed = task.cancelled() or task.exception() is not None
        if (failed or not keep) and self._known.get(key) is task:
            del self._known[key]


def _digest(photo: RGB) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(photo).data, digest_size=16, key=repr(photo.shape).encode()).digest()
