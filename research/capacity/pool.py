"""Pods of one kind: work waits for them, they are started and stopped, and they cost."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final, TypeAlias

from research.capacity.clock import Action, Clock
from research.capacity.turns import Turns

Begin: TypeAlias = Callable[[Action], None]
"""Starts a piece of work; what it is given is called when the work has ended."""

CONNECTION_SECONDS: Final = 300.0
"""After so long a server ends a connection, and its clients look for new pods (servicekit's ServerOptions)."""


@dataclass(eq=False)
class Pod:
    """One replica."""

    ordered: float
    """When its node was asked for; it is paid from here on."""
    waiting: deque[Begin] = field(default_factory=deque)
    busy: int = 0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the pods of a pool have in common."""

    name: str
    slots: int = 1
    """Pieces of work at a time."""
    pulls: bool = False
    """Pods take work from one queue when they are free, as workers do; otherwise callers hand it to pods in turn, and
    it waits there, as gRPC's round robin does."""
    cold_start: float = 0.0
    """Seconds from being asked for to serving: node, image, models."""


class Pool:
    """The pods, and what waits for them."""

    def __init__(self, kind: Kind, clock: Clock, random: Random) -> None:
        self.kind = kind
        self.in_flight = 0
        """Work that is waited with or worked on."""
        self.pods: list[Pod] = []
        """That were asked for and not sent away."""
        self.serving: list[Pod] = []
        """Those that callers send work to."""
        self.worked = 0.0
        """Seconds of slots that were busy."""
        self.history: list[tuple[float, int]] = []
        """Number of pods from a time on."""
        self._clock, self._random = clock, random
        self._unassigned: Turns[Begin] = Turns()
        self._turns: dict[int, int] = {}
        self._paid = 0.0

    def submit(self, begin: Begin, *, caller: int = 0, flow: str = "", cost: int = 1) -> None:
        """Has work done; each caller goes through the pods in an order of its own.

        Where pods pull, work that waits is theirs by the turns of its flows and what it costs.
        """
        self.in_flight += 1
        pod = self._choose(caller)
        if pod is None:
            self._unassigned.submit(begin, flow=flow, cost=cost)
        elif pod.busy < self.kind.slots:
            self._start(pod, begin)
        else:
            pod.waiting.append(begin)

    def scale(self, pods: int, *, warm: bool = False) -> None:
        """Asks for more pods or sends some away; `warm` ones serve at once, as at the beginning."""
        for _ in range(pods - len(self.pods)):
            pod = Pod(ordered=self._clock.now)
            self.pods.append(pod)
            if warm:
                self.serving.append(pod)
            else:
                self._clock.after(self.kind.cold_start, partial(self._ready, pod))
        for pod in sorted(self.pods, key=lambda pod: pod.busy + len(pod.waiting))[: max(0, len(self.pods) - pods)]:
            self.pods.remove(pod)
            if pod in self.serving:
                self.serving.remove(pod)
            self._leave_if_done(pod)
        self.history.append((self._clock.now, len(self.pods)))

    def paid_until_now(self) -> float:
        """Seconds of all pods: those that are gone, and so far those that are there."""
        return self._paid + sum(self._clock.now - pod.ordered for pod in self.pods)

    def _ready(self, pod: Pod) -> None:
        """Callers find it when one of their connections to the others ends; where there is no other, at once."""
        waits = [self._random.uniform(0, CONNECTION_SECONDS) for _ in self.serving]
        self._clock.after(0.0 if self.kind.pulls else min(waits, default=1.0), partial(self._found, pod))

    def _found(self, pod: Pod) -> None:
        if pod not in self.pods:
            return
        self.serving.append(pod)
        while self._unassigned and pod.busy < self.kind.slots:
            self._start(pod, self._unassigned.claim())
        while not self.kind.pulls and self._unassigned:
            pod.waiting.append(self._unassigned.claim())

    def _choose(self, caller: int) -> Pod | None:
        if self.kind.pulls:
            return next((pod for pod in self.serving if pod.busy < self.kind.slots), None)
        if not self.serving:
            return None
        turn = self._turns.get(caller)
        turn = self._random.randrange(len(self.serving)) if turn is None else turn + 1
        self._turns[caller] = turn
        return self.serving[turn % len(self.serving)]

    def _start(self, pod: Pod, begin: Begin) -> None:
        pod.busy += 1
        started = self._clock.now
        begin(partial(self._ended, pod, started))

    def _ended(self, pod: Pod, started: float) -> None:
        self.worked += self._clock.now - started
        self.in_flight -= 1
        pod.busy -= 1
        if pod.waiting:
            self._start(pod, pod.waiting.popleft())
        elif self.kind.pulls and pod in self.pods and self._unassigned:
            self._start(pod, self._unassigned.claim())
        self._leave_if_done(pod)

    def _leave_if_done(self, pod: Pod) -> None:
        """A pod that was sent away still does what it has."""
        if pod not in self.pods and not pod.busy and not pod.waiting:
            self._paid += self._clock.now - pod.ordered
