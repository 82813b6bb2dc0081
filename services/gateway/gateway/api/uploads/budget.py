"""How much memory all uploads together may take."""

from typing import Final

from prometheus_client import Gauge

from servicekit.errors import Exhausted

UPLOAD_BYTES: Final = Gauge("modomo_upload_bytes", "Bytes of uploads that are held in memory")


class UploadBudget:
    """Bytes that requests being received, or being decoded, hold together."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._taken = 0

    def share(self) -> "UploadShare":
        """One request's share, empty at first; used with `with`."""
        return UploadShare(self)

    def change(self, size: int) -> None:
        """Takes (or, below 0, gives back) bytes; raises Exhausted where that is too much."""
        if size > 0 and self._taken + size > self._limit:
            raise Exhausted("UPLOADS_BUSY", "Too many uploads at once; try again in a moment.", retry_after_seconds=2)
        self._taken += size
        UPLOAD_BYTES.inc(size)


class UploadShare:
    """What one request holds of the budget, given back at its end."""

    def __init__(self, budget: UploadBudget) -> None:
        self._budget = budget
        self._size = 0

    def grow(self, size: int) -> None:
        """Takes more; raises Exhausted where the budget is used up."""
        self._budget.change(size)
        self._size += size

    def __enter__(self) -> "UploadShare":
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.change(-self._size)
        self._size = 0
