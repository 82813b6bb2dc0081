"""A semaphore that goes round among those who wait for it, one turn each (round robin)."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairTurns:
    """As `asyncio.Semaphore`, but who waits with a hundred others of the same tenant delays no other tenant by them."""

    def __init__(self, parallel: int = 1) -> None:
        """`parallel` is the number of turns at a time."""
        self._free = parallel
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, tenant: str = "") -> None:
        """Waits for a turn."""
        if self._free:  # then nobody waits: `release` hands turns on
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn came in the same moment
                self.release()
            raise

    def release(self) -> None:
        """Ends a turn; the next one goes to whose last turn is longest ago."""
        while self._waiting:
            tenant, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[tenant] = turns
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1

    @asynccontextmanager
    async def turn(self, tenant: str = "") -> AsyncIterator[None]:
        """Runs a block in a turn."""
        await self.acquire(tenant)
        try:
            yield
        finally:
            self.release()
