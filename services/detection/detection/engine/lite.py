"""Detection with nothing to download, on our own room understanding (roomnet)."""

from collections.abc import Sequence

from detection.domain import RGB, Candidate
from servicekit.engine import EngineInfo
from servicekit.executor import DeviceExecutor


class LiteEngine:
    """Objects as connected regions of roomnet's labels."""

    def __init__(self, executor: DeviceExecutor) -> None:
        self._executor = executor

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        return EngineInfo(name="lite")

    async def load(self) -> None:
        """Runs once on a small grey picture."""

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Connected regions, one candidate each."""
        raise NotImplementedError

    async def close(self) -> None:
        """Ends the worker thread."""
        self._executor.close()
