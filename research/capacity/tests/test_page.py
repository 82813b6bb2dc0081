"""The page on capacity holds what is simulated now."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from research.capacity import __main__ as command
from research.capacity import plots, tables
from research.capacity.demand import rate
from research.capacity.prices import Light, Prices
from research.capacity.scenarios import SCENARIOS, Scenario, shared_pods
from research.capacity.service_times import CpuSeconds, ServiceTimes
from research.capacity.simulation import Outcome
from research.capacity.tables import Result
from tools.docs import figures

BY_CALLS = Scenario(name="1k", what="one T4", per_month=1e3, days=30.0, system=shared_pods(least=1, calls=1.0))


def test_dollars() -> None:
    prices = Prices(t4_hour=(1.0, 2.0), cpu_hour=0.0, redis_month=0.0, gigabyte_month=0.0, million_writes=0.0)
    outcome = replace(BY_CALLS, per_month=30.0, days=2.0).run()
    result = Result(number=1, scenario=BY_CALLS, outcome=outcome)
    assert result.dollars(prices, Light()) == pytest.approx((720.0, 1440.0))
    light = Light(cpu=CpuSeconds(gateway=1.0, worker=0.0, notifier=0.0), busy=0.5)
    assert light.gateways(10_000_000) == math.ceil(rate(20.5 * 3600, per_month=10_000_000) / 0.5)
    assert light.gateways(1000) == 2


def test_the_page_has_the_smallest_volume_as_it_is_simulated_now() -> None:
    """The larger ones take minutes: `python -m research.capacity`."""
    scenario = SCENARIOS[0]
    table = tables.volumes([Result(number=1, scenario=scenario, outcome=scenario.run())], Prices(), Light())
    page = command.PAGE.read_text()
    assert table.splitlines()[-1] in page
    assert tables.assumptions(ServiceTimes(), CpuSeconds()) in page
    assert {row.what for row in SCENARIOS} <= {
        line.split("|")[2].strip() for line in page.splitlines() if line.count("|") > 2
    }


def test_pictures_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    system = shared_pods(least=1, calls=1.0)
    result = Result(
        number=1,
        scenario=replace(SCENARIOS[0], system=system),
        outcome=replace(SCENARIOS[0], days=1.0, system=system).run(),
    )
    for name in ("one.svg", "two.svg"):
        figures.save(plots.choices([result], Prices(), Light()), tmp_path / name)
        figures.save(plots.gpu_seconds(), tmp_path / f"gpu-{name}")
        figures.save(plots.growth([result], Prices(), Light()), tmp_path / f"growth-{name}")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "growth-one.svg").read_bytes() == (tmp_path / "growth-two.svg").read_bytes()
    empty = Outcome(days=1, arrived=0, done=[(10.0, 1.0), (20.0, 3.0), (4000.0, 2.0)], usage={})
    assert plots.hourly(empty, 0.95) == [(0.5, 3.0), (1.5, 2.0)]
