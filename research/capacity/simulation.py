"""One system under one demand: jobs go through worker, detection, maps, restyling and judging, and wait at each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.work import expected_work
from research.capacity.clock import Action, Clock
from research.capacity.demand import DAY, PICTURES_A_JOB, Asked, arrivals, asked
from research.capacity.pool import Kind, Pool
from research.capacity.scaling import Autoscaler, Rule
from research.capacity.service_times import ServiceTimes

PARTS = ("detection", "controlmaps", "diffusion")


@dataclass(frozen=True, kw_only=True)
class System:
    """Pools and how each is scaled."""

    kinds: Mapping[str, Kind]
    """By name; one must be called `worker`."""
    rules: Mapping[str, Rule]
    """For each of them."""
    places: Mapping[str, str]
    """The pool that has the device of each of PARTS; `worker` where it stands beside the worker, in its pod."""

    @property
    def pulls(self) -> bool:
        """Whether workers have a device of their own."""
        return "worker" in self.places.values()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a pool came to."""

    pod_seconds: float
    """That are paid for."""
    busy_seconds: float
    """Of its slots."""
    history: Sequence[tuple[float, int]]
    """Seconds, and the number of pods from then on."""

    @property
    def most(self) -> int:
        """Pods at the busiest time."""
        return max(pods for _, pods in self.history)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished simulation."""

    days: float
    arrived: int
    """Pictures that were asked for."""
    done: Sequence[tuple[float, float]]
    """Time of arrival and seconds until completed, of every job that completed, in the order of their endings."""
    usage: Mapping[str, Usage]

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the jobs completed (nearest rank)."""
        ordered = sorted(seconds for _, seconds in self.done)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


WARM_UP: Final = 0.25
"""Days before those that count: the system begins with the fewest pods, which is no ordinary midnight."""


def simulate(system: System, *, per_month: float, days: float, seed: int, times: ServiceTimes | None = None) -> Outcome:
    """Runs so many days after a warm-up and lets the last jobs finish; the same seed gives the same outcome."""
    chance, photos = Random(seed), Random(seed + 1)  # noqa: S311 - they decide what is simulated, and keep no secret
    run = _Run(system, times or ServiceTimes(), chance)
    begin, end = WARM_UP * DAY, (WARM_UP + days) * DAY
    arrived = 0
    for at in arrivals(per_month=per_month / PICTURES_A_JOB, days=WARM_UP + days, random=photos):
        job = asked(photos)
        run.clock.after(at, partial(run.arrive, job))
        arrived += job.variants if at >= begin else 0
    run.clock.run(until=begin)
    before = run.totals()
    run.clock.run(until=end)
    after = run.totals()
    run.clock.run(until=end + 3600.0)
    usage = {
        name: Usage(
            pod_seconds=after[name][0] - before[name][0],
            busy_seconds=after[name][1] - before[name][1],
            history=_between(history, begin, end),
        )
        for name, history in run.histories()
    }
    done = [(at - begin, seconds) for at, seconds in run.done if at >= begin]
    return Outcome(days=days, arrived=arrived, done=done, usage=usage)


class _Run:
    def __init__(self, system: System, times: ServiceTimes, random: Random) -> None:
        self.clock = Clock()
        self.done: list[tuple[float, float]] = []
        self._times, self._random = times, random
        self._pools = {name: Pool(kind, self.clock, random) for name, kind in system.kinds.items()}
        self._devices = {part: self._pools[place] for part, place in system.places.items() if place != "worker"}
        self._beside = {part for part, place in system.places.items() if place == "worker"}
        self._workers = self._pools["worker"]
        self._scalers = [
            Autoscaler(rule, self._pools[name], self.clock, lambda: self._workers.in_flight)
            for name, rule in system.rules.items()
        ]
        self._callers = 0

    def totals(self) -> dict[str, tuple[float, float]]:
        """Seconds paid for and seconds worked until now, by pool."""
        return {name: (pool.paid_until_now(), pool.worked) for name, pool in self._pools.items()}

    def histories(self) -> Iterator[tuple[str, list[tuple[float, int]]]]:
        """Numbers of pods, by pool."""
        return ((name, pool.history) for name, pool in self._pools.items())

    def arrive(self, job: Asked) -> None:
        """A job comes, and is claimed at its turn."""
        cost = expected_work(
            JobRequest(
                style="modern", preferences=Preferences(variants=job.variants), photo_digest="", width=1024, height=768
            )
        )
        self._workers.submit(partial(self._work, self.clock.now, job), flow=job.tenant, cost=cost)

    def _work(self, arrived: float, job: Asked, release: Action) -> None:
        """A worker has the job until it has ended."""
        times, clock = self._times, self.clock
        self._callers = (self._callers + 1) % max(1, len(self._workers.serving))
        caller, own = self._callers, _Device(clock)

        def ended() -> None:
            self.done.append((arrived, clock.now - arrived))
            release()

        def judged(again: bool) -> None:
            if again:
                restyle(again=False)
            else:
                clock.after(times.after, ended)

        def restyle(*, again: bool) -> None:
            judge = partial(
                self._compute, "controlmaps", job.variants * times.judging, caller, own, partial(judged, again)
            )
            self._compute("diffusion", job.variants * times.restyling, caller, own, judge)

        def understood() -> None:
            restyle(again=self._random.random() < times.again)

        if self._random.random() < times.known:
            clock.after(times.before, understood)
            return
        together = _Both(understood)
        for part, seconds in (("detection", times.detection), ("controlmaps", times.maps)):
            clock.after(times.before, partial(self._compute, part, seconds, caller, own, together))

    def _compute(self, part: str, seconds: float, caller: int, own: "_Device", then: Action) -> None:
        if part in self._beside:
            self.clock.after(own.busy_for(seconds), then)
            return

        def begin(finish: Action) -> None:
            self.clock.after(seconds, partial(_in_turn, finish, then))

        self._devices[part].submit(begin, caller=caller)


def _between(history: Sequence[tuple[float, int]], begin: float, end: float) -> list[tuple[float, int]]:
    """What was so at the beginning, and what changed until the end; times counted from the beginning."""
    at_first = [pods for at, pods in history if at <= begin][-1]
    return [(0.0, at_first), *((at - begin, pods) for at, pods in history if begin < at < end)]


class _Device:
    """The one beside a worker, which does one thing at a time, for the job that the worker has."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._free = clock, 0.0

    def busy_for(self, seconds: float) -> float:
        """Seconds until it has done something more."""
        self._free = max(self._free, self._clock.now) + seconds
        return self._free - self._clock.now


class _Both:
    """Calls on when it has been called twice."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then, self._missing = then, 2

    def __call__(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._then()


def _in_turn(first: Action, second: Action) -> None:
    first()
    second()
