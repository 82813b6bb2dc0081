"""How many pods there should be: KEDA over a HorizontalPodAutoscaler, or one container a request."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from research.capacity.clock import Clock
from research.capacity.pool import Pool


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An autoscaler's settings; the values are those of the chart and of Kubernetes."""

    least: int = 1
    most: int = 10
    per_pod: float = 2.0
    """Work in flight that one pod is wanted for: the trigger's `threshold` or `listLength`."""
    period: float = 15.0
    """Seconds between two looks."""
    lag: float = 15.0
    """Seconds that what it sees is old: the interval at which Prometheus reads the pods."""
    tolerance: float = 0.1
    """A change by a smaller share is none."""
    steady: float = 300.0
    """Pods leave only where nothing in so many seconds asked for them."""
    cooldown: float = 300.0
    """Seconds without a job before the last pod leaves, where `least` is 0."""
    fastest: int = 4
    """Pods that one look may add, or twice as many pods where that is more."""


def serverless(*, most: int = 10, idle: float = 60.0) -> Rule:
    """A container for every request that finds none free; it ends when it has had nothing to do for a while."""
    return Rule(
        least=0, most=most, per_pod=1.0, period=1.0, lag=0.0, tolerance=0.0, steady=idle, cooldown=idle, fastest=most
    )


class Autoscaler:
    """Looks at a pool again and again."""

    def __init__(self, rule: Rule, pool: Pool, clock: Clock, jobs: Callable[[], int]) -> None:
        """`jobs` counts those that have not ended: one of them is enough to bring the first pod."""
        self._rule, self._pool, self._clock, self._jobs = rule, pool, clock, jobs
        self._wanted: deque[tuple[float, int]] = deque()
        self._last_job = -math.inf
        pool.scale(rule.least, warm=True)
        clock.after(rule.period, self._look)

    def _look(self) -> None:
        self._clock.after(self._rule.lag, partial(self._act, self._pool.in_flight))
        self._clock.after(self._rule.period, self._look)

    def _act(self, in_flight: int) -> None:
        now, rule, pods = self._clock.now, self._rule, len(self._pool.pods)
        if self._jobs():
            self._last_job = now
        asleep = now - self._last_job > rule.cooldown
        if not pods or asleep:
            self._set(rule.least if asleep else max(1, rule.least))
            return
        wanted = math.ceil(in_flight / rule.per_pod)
        if abs(in_flight / rule.per_pod / pods - 1.0) <= rule.tolerance:
            wanted = pods
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - rule.steady:
            self._wanted.popleft()
        steady = max(count for _, count in self._wanted) if wanted < pods else wanted
        most = min(rule.most, max(pods * 2, pods + rule.fastest))
        self._set(min(max(steady, rule.least, 1), most, max(pods, steady)))

    def _set(self, pods: int) -> None:
        if pods != len(self._pool.pods):
            self._pool.scale(pods)
