"""How much memory all uploads together may take, shared fairly among those who send them."""

from typing import Final

from prometheus_client import Gauge

from servicekit.errors import Exhausted
from servicekit.fair_shares import FairShares

UPLOAD_BYTES: Final = Gauge("modomo_upload_bytes", "Bytes of uploads that are held in memory, or reserved")


class UploadBudget:
    """Bytes that requests being received, or being decoded, hold together."""

    def __init__(self, limit_bytes: int, *, gauge: Gauge | None = UPLOAD_BYTES) -> None:
        self._shares = FairShares(limit_bytes)
        self._gauge = gauge

    def share(self, client: str) -> "UploadShare":
        """One request's share, empty at first; used with `with`. `client` is a caller's `Caller.client`."""
        return UploadShare(self._shares, client, self._gauge)


class UploadShare:
    """What one request holds of the budget, given back at its end."""

    def __init__(self, shares: FairShares, client: str, gauge: Gauge | None) -> None:
        self._shares = shares
        self._client = client
        self._gauge = gauge
        self._size = 0

    def grow(self, size: int) -> None:
        """Takes more; raises Exhausted where the budget, or the client's part of it, is used up."""
        if not self._shares.try_take(self._client, size, own=self._size):
            raise Exhausted("UPLOADS_BUSY", "Too many uploads at once; try again in a moment.", retry_after_seconds=2)
        self._changed(size)

    async def reserve(self, size: int) -> None:
        """Takes more as soon as there is enough; the whole budget where that is less."""
        size = min(size, self._shares.limit)
        await self._shares.take(self._client, size)
        self._changed(size)

    def shrink(self, size: int) -> None:
        """Gives back all but so many bytes."""
        surplus = max(0, self._size - size)
        self._shares.give_back(self._client, surplus)
        self._changed(-surplus)

    def _changed(self, size: int) -> None:
        self._size += size
        if self._gauge is not None:
            self._gauge.inc(size)

    def __enter__(self) -> "UploadShare":
        return self

    def __exit__(self, *_: object) -> None:
        self.shrink(0)
