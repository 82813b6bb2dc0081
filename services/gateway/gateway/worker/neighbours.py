"""Services that stand beside a worker alone: it takes up no job while one of them is away or loads its models.

Another worker is better off with the job then, since nobody else can ask this one's neighbours.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NoReturn

from gateway.clients.readiness import Check, Readiness
from servicekit.observability import logs

log = logs.get(__name__)

LOOK_SECONDS: Final = 1.0


class Neighbours:
    """Asks all of them once a second. Without any, all is well at once."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """`checks` by the services' names."""
        self._readiness = Readiness(checks)
        self._serving, self._away = asyncio.Event(), asyncio.Event()
        self._note(not checks)

    async def watch(self) -> NoReturn:
        """Until it is cancelled."""
        while True:
            ready = await self._readiness.ready()
            if ready != self._serving.is_set():
                log.info("neighbours", serving=ready)
                self._note(ready)
            await asyncio.sleep(LOOK_SECONDS)

    async def serving(self) -> None:
        """Waits until all of them serve."""
        await self._serving.wait()

    async def away(self) -> None:
        """Waits until one of them does not serve."""
        await self._away.wait()

    def _note(self, ready: bool) -> None:
        now, before = (self._serving, self._away) if ready else (self._away, self._serving)
        before.clear()
        now.set()
