"""What is seen from inside while it goes on: the processes' own metrics, and what the kernel says of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.stack import Stack
from tools.bench.machine import cpu_seconds, resident_megabytes

PERIOD: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """All processes at one moment."""

    at: float
    """Seconds after the beginning."""
    cpu: Mapping[str, float]
    """CPU seconds that each process has used so far."""
    memory: Mapping[str, float]
    """Resident MB of each."""
    waiting: float
    """Jobs in the queue."""
    running: float
    """Jobs that workers have."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The metrics of one process."""

    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float]
    """By name of the sample and labels."""

    @classmethod
    def parse(cls, text: str) -> "Page":
        """Reads Prometheus' text format; raises ValueError where it is another."""
        return cls(
            values={
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        )

    def total(self, name: str, **labels: str) -> float:
        """Sum of the samples with these labels, 0 where there is none."""
        wanted = frozenset(labels.items())
        return sum(value for (one, has), value in self.values.items() if one == name and wanted <= has)

    def by(self, name: str, label: str) -> Iterator[tuple[str, float]]:
        """Value of a label, and the sample's value."""
        for (one, has), value in self.values.items():
            if one == name and label in dict(has):
                yield dict(has)[label], value


@dataclass
class Probe:
    """Looks at a stack again and again; each look takes some milliseconds."""

    stack: Stack
    ports: Mapping[str, int]
    """Where each process shows its metrics."""
    now: Callable[[], float]
    """Seconds since the beginning."""
    looks: list[Look] = field(default_factory=list)

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        processes = {name: child.process.pid for name, child in self.stack.children.items()}
        async with aiohttp.ClientSession() as session:
            while True:
                self.looks.append(await self._look(session, processes))
                await asyncio.sleep(PERIOD)  # between two looks

    async def _look(self, session: aiohttp.ClientSession, processes: Mapping[str, int]) -> Look:
        gateway = await self._page(session, "gateway")
        return Look(
            at=self.now(),
            cpu={name: cpu_seconds(pid) for name, pid in processes.items()},
            memory={name: resident_megabytes(pid) for name, pid in processes.items()},
            waiting=gateway.total("modomo_queue_waiting"),
            running=gateway.total("modomo_queue_running"),
        )

    async def pages(self) -> dict[str, Page]:
        """The metrics of every process."""
        async with aiohttp.ClientSession() as session:
            return {name: await self._page(session, name) for name in self.ports}

    async def _page(self, session: aiohttp.ClientSession, name: str) -> Page:
        async with session.get(f"http://127.0.0.1:{self.ports[name]}/metrics") as answer:
            answer.raise_for_status()
            return Page.parse(await answer.text())
