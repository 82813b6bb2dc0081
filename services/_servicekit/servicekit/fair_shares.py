"""An amount that many share: nobody may hold more than is still free.

So one holder alone gets half, two a third each, and whoever comes next finds as much as the largest of them holds
(dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998). No holder has to be known
beforehand, and none can take everything.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from servicekit.errors import ServiceError


@dataclass(frozen=True, kw_only=True, eq=False)
class _Waiter:
    holder: str
    amount: int
    granted: asyncio.Future[None]


class FairShares:
    """Counts within one process, on one event loop."""

    def __init__(self, limit: int) -> None:
        """`limit` is the amount in all."""
        self.limit = limit
        self._taken = 0
        self._held: Counter[str] = Counter()
        self._waiting: deque[_Waiter] = deque()

    def try_take(self, holder: str, amount: int = 1, *, own: int = 0) -> bool:
        """Takes an amount where the holder's share allows it.

        `own` is what the asking request holds already: a holder's only request may take all that is free.
        """
        free = self.limit - self._taken - amount
        alone = self._held[holder] == own
        if free < 0 or not (alone or self._held[holder] + amount <= free):
            return False
        self._taken += amount
        self._held[holder] += amount
        return True

    async def take(self, holder: str, amount: int = 1) -> None:
        """As `try_take`, waiting until the share allows it."""
        if self.try_take(holder, amount):
            return
        waiter = _Waiter(holder=holder, amount=amount, granted=asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:  # granted in the same moment
                self.give_back(holder, amount)
            raise

    def give_back(self, holder: str, amount: int = 1) -> None:
        """Gives an amount back, to those who wait for it first."""
        self._taken -= amount
        self._held[holder] -= amount
        if not self._held[holder]:
            del self._held[holder]
        for waiter in list(self._waiting):
            if self._taken >= self.limit:
                return
            if self.try_take(waiter.holder, waiter.amount):
                self._waiting.remove(waiter)
                waiter.granted.set_result(None)

    @contextmanager
    def one(self, holder: str, *, refusal: ServiceError) -> Iterator[None]:
        """Holds one while the block runs; raises the refusal where the share does not allow it."""
        if not self.try_take(holder):
            raise refusal
        try:
            yield
        finally:
            self.give_back(holder)
