"""Starts processes again that end by themselves, as long as that helps."""

import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from deploy.local.errors import StackError
from deploy.local.log_excerpt import complaint
from deploy.local.processes import Child
from servicekit.backoff import Backoff
from servicekit.process import EXIT_CONFIGURATION

MAX_EARLY_DEATHS: Final = 5
"""In a row, of a process that has not become ready in between."""

PROBATION_SECONDS: Final = 5.0
"""A process has become ready when it has lived so long and the system is ready with it.

The worker answers no questions, and the gateway may call ready for a second what has just ended; a process that cannot
work ends sooner.
"""


class Supervisor:
    """Looks after children; whoever owns it calls `look` again and again."""

    def __init__(
        self,
        children: Mapping[str, Child],
        start: Callable[[str], Awaitable[object]],
        *,
        say: Callable[[str], None] | None,
    ) -> None:
        """`start` starts a child by name and puts it among `children`; `say` takes one line for each death.

        Without `say`, the first death is one too many.
        """
        self._children = children
        self._start = start
        self._say = say
        self._early_deaths: Counter[str] = Counter()
        self._backoffs: defaultdict[str, Backoff] = defaultdict(lambda: Backoff(first=0.5, longest=10.0))
        self._restarts: dict[str, float] = {}
        self._ready: set[Child] = set()

    async def look(self) -> None:
        """Starts again what has ended and waited long enough; raises StackError where that does not help."""
        for name, child in list(self._children.items()):
            if child.running:
                continue
            if name not in self._restarts:
                self._restarts[name] = time.monotonic() + self._pause(child)
            elif time.monotonic() >= self._restarts[name]:
                await self._start(name)
                del self._restarts[name]

    @property
    def waits_for_ready(self) -> bool:
        """Whether there are children that have not become ready."""
        return not self._ready.issuperset(self._children.values())

    def system_is_ready(self) -> None:
        """Takes note that everything works together at this moment."""
        proven = {
            name: child
            for name, child in self._children.items()
            if child.running and time.monotonic() - child.started > PROBATION_SECONDS
        }
        self._ready = set(proven.values())
        for name in proven:
            self._early_deaths.pop(name, None)
            self._backoffs.pop(name, None)

    def _pause(self, child: Child) -> float:
        """Seconds to wait before a child that has ended is started again."""
        if child not in self._ready:
            self._early_deaths[child.name] += 1
        deaths = self._early_deaths[child.name]
        hopeless = deaths >= MAX_EARLY_DEATHS or child.process.returncode == EXIT_CONFIGURATION
        if self._say is None or hopeless:
            times = f" {deaths} times in a row" if deaths > 1 else ""
            what = f"{child.name} {child.ending} before it was ready{times}"
            raise StackError(f"{what}; the end of {child.log}:\n{complaint(child.said())}")
        pause = self._backoffs[child.name].next_pause()
        self._say(f"{child.name} {child.ending}; starting it again in {pause:.1f} s")
        return pause
