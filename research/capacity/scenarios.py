"""The three volumes, each under the ways to run it that are worth comparing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from research.capacity.pool import Kind
from research.capacity.scaling import Rule, serverless
from research.capacity.service_times import ServiceTimes, fast, one_pass
from research.capacity.simulation import PARTS, Outcome, System, simulate

COLD_START: Final = 180.0
"""Seconds until a T4 serves that was not there: a node from the provider (90), the image (40), 6 GB of weights from a
claim and one picture to warm up (50). Assumptions; clouds differ."""

SERVERLESS_COLD_START: Final = 30.0
"""Seconds of a serverless container whose image and weights lie beside the card."""

WORKER_START: Final = 20.0
"""Seconds of a worker on a node that is there."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A volume and a way to run it."""

    name: str
    what: str
    """In a few words, for the table."""
    per_month: float
    days: float
    """That are simulated; fewer where a day has enough photos."""
    system: System
    times: ServiceTimes = field(default_factory=ServiceTimes)
    serverless: bool = False

    def run(self, *, seed: int = 1) -> Outcome:
        """Simulates it."""
        return simulate(self.system, per_month=self.per_month, days=self.days, seed=seed, times=self.times)


def _system(
    gpus: Mapping[str, tuple[Kind, Rule]], places: Mapping[str, str], *, workers: int, jobs_a_worker: float
) -> System:
    worker = Kind(name="worker", slots=4, pulls=True, cold_start=WORKER_START)
    rule = Rule(least=workers, most=200, per_pod=jobs_a_worker, lag=0.0)
    return System(
        kinds={"worker": worker, **{name: kind for name, (kind, _) in gpus.items()}},
        rules={"worker": rule, **{name: rule for name, (_, rule) in gpus.items()}},
        places=places,
    )


def shared_pods(*, least: int, calls: float, jobs_a_worker: float = 4.0) -> System:
    """Every T4 has all models: `docs/memory.md` says that they fit."""
    kind = Kind(name="gpu", cold_start=COLD_START)
    rule = Rule(least=least, most=20, per_pod=calls)
    return _system({"gpu": (kind, rule)}, dict.fromkeys(PARTS, "gpu"), workers=1, jobs_a_worker=jobs_a_worker)


def by_the_second() -> System:
    """A container for each piece of work that finds none free, all models in each."""
    kind = Kind(name="gpu", pulls=True, cold_start=SERVERLESS_COLD_START)
    return _system({"gpu": (kind, serverless(most=20))}, dict.fromkeys(PARTS, "gpu"), workers=1, jobs_a_worker=4.0)


def apart(*, least: int, calls: float, jobs_a_worker: float = 4.0) -> System:
    """T4s of detection, controlmaps and diffusion scale each for itself, by calls under way."""
    return _system(
        {part: _scaled_by_calls(part, least, calls) for part in PARTS},
        {part: part for part in PARTS},
        workers=2,
        jobs_a_worker=jobs_a_worker,
    )


def sidecars(*, least: int, beside: Sequence[str] = PARTS, most: int = 400) -> System:
    """Pods of a worker and what is beside it: each takes one job at a time, and there are as many as there are jobs."""
    others = [part for part in PARTS if part not in beside]
    worker = Kind(name="worker", slots=1, pulls=True, cold_start=COLD_START)
    pools = {part: _scaled_by_calls(part, 2, 1.0) for part in others}
    return System(
        kinds={"worker": worker, **{name: kind for name, (kind, _) in pools.items()}},
        rules={
            "worker": Rule(least=least, most=most, per_pod=1.0, lag=0.0),
            **{name: rule for name, (_, rule) in pools.items()},
        },
        places={part: "worker" if part in beside else part for part in PARTS},
    )


def _scaled_by_calls(name: str, least: int, calls: float) -> tuple[Kind, Rule]:
    return Kind(name=name, cold_start=COLD_START), Rule(least=least, most=400, per_pod=calls)


ONE_PASS: Final = ServiceTimes(restyling=one_pass())
"""At 512², three ControlNets."""
FAST: Final = ServiceTimes(restyling=fast())
"""The fast tier, which needs Hyper-SD's LoRA."""


def _scenario(name: str, what: str, system: System, *, times: ServiceTimes | None = None) -> Scenario:
    per_month, days = {"1k": (1e3, 30.0), "100k": (1e5, 7.0), "10M": (1e7, 1.0)}[name]
    serverless = any(rule.cooldown < 300.0 for rule in system.rules.values())
    return Scenario(
        name=name,
        what=what,
        per_month=per_month,
        days=days,
        system=system,
        times=times or ServiceTimes(),
        serverless=serverless,
    )


SCENARIOS: Final = (
    _scenario("1k", "one T4 always there", shared_pods(least=1, calls=1.0)),
    _scenario("1k", "a pod that pulls, from zero", sidecars(least=0)),
    _scenario("1k", "T4s by the second", by_the_second()),
    _scenario("1k", "a pod that pulls, from zero; fast tier", sidecars(least=0), times=FAST),
    _scenario("100k", "two T4s always there, 1 call a pod", shared_pods(least=2, calls=1.0)),
    _scenario("100k", "two pods that pull always there", sidecars(least=2)),
    _scenario("100k", "two pods that pull always there; 512², one pass", sidecars(least=2), times=ONE_PASS),
    _scenario("100k", "two pods that pull always there; fast tier", sidecars(least=2), times=FAST),
    _scenario("10M", "1 call a pod, 4 jobs a worker", apart(least=2, calls=1.0)),
    _scenario("10M", "pods that pull", sidecars(least=2)),
    _scenario("10M", "1 call a pod, 4 jobs a worker; 512², one pass", apart(least=2, calls=1.0), times=ONE_PASS),
    _scenario("10M", "diffusion alone pulls; 512², one pass", sidecars(least=2, beside=["diffusion"]), times=ONE_PASS),
    _scenario("10M", "pods that pull; 512², one pass", sidecars(least=2), times=ONE_PASS),
    _scenario("10M", "pods that pull; fast tier", sidecars(least=2), times=FAST),
)

GROWTH: Final = tuple(
    Scenario(name=name, what=what, per_month=per_month, days=days, system=sidecars(least=least), times=ONE_PASS)
    for what, least in (("from zero", 0), ("two pods always there", 2))
    for name, per_month, days in (
        ("1k", 1e3, 30.0),
        ("10k", 1e4, 14.0),
        ("100k", 1e5, 7.0),
        ("1M", 1e6, 2.0),
        ("10M", 1e7, 1.0),
    )
)
"""Pods that pull, 512², one pass, from the smallest volume to the largest."""
