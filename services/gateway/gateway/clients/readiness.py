"""Whether the process can work: everything behind it answers, and it has not been told to stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import Gauge

from servicekit.config import config_hints
from servicekit.errors import ServiceError
from servicekit.inference.engine import EngineInfo
from servicekit.observability import logs

log = logs.get(__name__)

UP: Final = Gauge("modomo_dependency_up", "Whether a dependency answered when it was last asked", ["dependency"])

VARIABLES: Final = {"redis": "MODOMO_REDIS_URL", "storage": "MODOMO_S3_BUCKET"}
"""The setting with a dependency's address; for services, `MODOMO_<SERVICE>_ADDRESS`."""

Check = Callable[[], Awaitable[EngineInfo | None]]
"""Asks one dependency; returns its engine, if it has one, and raises ServiceError where it does not answer."""

_FRESH_SECONDS: Final = 1.0
_TIMEOUT_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """How one dependency was when it was last asked."""

    name: str
    ready: bool

    engine: EngineInfo | None
    """Of a model service that is ready."""


class Readiness:
    """Asks all dependencies together, at most once a second however often it is asked itself."""

    def __init__(self, checks: Mapping[str, Check], *, may_sleep: Collection[str] = ()) -> None:
        """`may_sleep` names those that need not answer: they are scaled to zero while there is nothing to do."""
        self._checks = checks
        self._may_sleep = frozenset(may_sleep)
        self._asking: asyncio.Task[tuple[Dependency, ...]] | None = None
        self._asked_at = 0.0
        self.stopping = False
        """Set when the process has been told to end."""

    async def dependencies(self) -> tuple[Dependency, ...]:
        """All of them, as they were at most a second ago."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._asked_at > _FRESH_SECONDS):
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._ask_all())
        return await asyncio.shield(self._asking)

    async def ready(self) -> bool:
        """Whether requests are welcome."""
        found = await self.dependencies()
        return not self.stopping and all(one.ready or one.name in self._may_sleep for one in found)

    async def _ask_all(self) -> tuple[Dependency, ...]:
        return tuple(await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items())))

    async def _ask(self, name: str, check: Check) -> Dependency:
        dependency = await self._answer(name, check)
        UP.labels(name).set(dependency.ready)
        return dependency

    async def _answer(self, name: str, check: Check) -> Dependency:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return Dependency(name=name, ready=True, engine=await check())
        except (ServiceError, TimeoutError) as error:
            variable = VARIABLES.get(name, f"MODOMO_{name.upper()}_ADDRESS")
            problem = f"{variable}: {error.__cause__ or error or 'no answer in time'}"
            log.warning(
                "a dependency does not answer", dependency=name, problem=problem, **config_hints.chart_value(problem)
            )
            return Dependency(name=name, ready=False, engine=None)
