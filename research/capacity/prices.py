"""What things cost. Put your own provider's prices here: they differ by a factor of two and change every year."""

import math
from dataclasses import dataclass, field

from research.capacity.demand import DAYS_PER_MONTH, HOURS
from research.capacity.service_times import CpuSeconds
from research.capacity.simulation import Outcome

HOURS_PER_MONTH = DAYS_PER_MONTH * 24


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In US dollars; list prices of 2026, rounded."""

    t4_hour: tuple[float, float] = (0.35, 0.81)
    """A T4 with its share of a machine: the cheapest and the dearest of the large providers."""
    serverless_t4_hour: tuple[float, float] = (0.59, 0.59)
    """A T4 that is paid by the second."""
    cpu_hour: float = 0.04
    """A virtual CPU with 4 GiB."""
    redis_month: float = 30.0
    """The smallest managed Redis that keeps an append-only file."""
    gigabyte_month: float = 0.015
    """Of an object store."""
    million_writes: float = 4.5
    """Of an object store."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """The parts without a device."""

    cpu: CpuSeconds = field(default_factory=CpuSeconds)
    busy: float = 0.6
    """Share of a core that a process may use in the busiest hour, so that bursts do not wait."""
    megabytes: float = 2.0
    """Of objects that a job leaves."""
    objects: int = 9
    """That a job writes."""
    kept_days: float = 1.0

    def gateways(self, per_month: float) -> int:
        """Pods; two at least, so that one may go."""
        return max(2, math.ceil(_busiest_rate(per_month) * self.cpu.gateway / self.busy))

    def notifiers(self, per_month: float) -> int:
        """Pods; two at least."""
        return max(2, math.ceil(_busiest_rate(per_month) * self.cpu.notifier / self.busy))

    def makers(self, per_month: float) -> int:
        """Pods that make first looks, of two cores each; two at least."""
        return max(2, math.ceil(_busiest_rate(per_month) * self.cpu.first_look / self.busy / 2))

    def dollars(self, prices: Prices, outcome: Outcome, *, per_month: float) -> float:
        """A month of gateway, notifier, workers, Redis and storage."""
        workers = outcome.usage["worker"].pod_seconds / outcome.days / 86_400
        cores = self.gateways(per_month) * 0.5 + self.notifiers(per_month) * 0.1 + workers * 0.25
        cores += self.makers(per_month) * 1.6
        each = self.cpu.gateway + self.cpu.notifier + self.cpu.worker + self.cpu.first_look
        busy = per_month * each / self.busy / 3600
        gigabytes = per_month / DAYS_PER_MONTH * self.kept_days * self.megabytes / 1000
        return (
            max(cores * HOURS_PER_MONTH, busy) * prices.cpu_hour
            + prices.redis_month
            + gigabytes * prices.gigabyte_month
            + per_month * self.objects / 1e6 * prices.million_writes
        )


def _busiest_rate(per_month: float) -> float:
    return per_month / DAYS_PER_MONTH / 86_400 * max(HOURS) * 24 / sum(HOURS)
