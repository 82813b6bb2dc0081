"""`python -m research.capacity`: simulates all scenarios and writes the tables and pictures of `docs/capacity.md`."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.progress import Progress

from research.capacity import plots, tables
from research.capacity.prices import Light, Prices
from research.capacity.scenarios import GROWTH, ONE_PASS, SCENARIOS, Scenario
from research.capacity.service_times import CpuSeconds, ServiceTimes
from research.capacity.tables import Result

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "capacity.md"


def put(text: str, name: str, block: str) -> str:
    """A page with what lies between the markers of a name replaced; raises ValueError where it has none."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{PAGE} has no {begin}")
    return pattern.sub(lambda _: f"{begin}\n{block}\n{end}", text)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m research.capacity", description=__doc__)
    parser.add_argument("--pictures", type=Path, default=DOCS / "images", help="where the pictures go")
    parser.add_argument("--format", choices=("svg", "png"), default="svg", help="of the pictures")
    options = parser.parse_args()
    prices, light = Prices(), Light()
    with Progress() as progress:
        results = _simulated(SCENARIOS, progress)
        grown = _simulated(GROWTH, progress)
    page = put(PAGE.read_text(), "times", tables.assumptions(ServiceTimes(), CpuSeconds()))
    PAGE.write_text(put(page, "volumes", tables.volumes(results, prices, light)))
    largest = [result for result in results if result.scenario.name == "10M" and result.scenario.times == ONE_PASS]
    plots.save(plots.day(largest), options.pictures / f"capacity-day.{options.format}")
    plots.save(plots.choices(results, prices, light), options.pictures / f"capacity-choices.{options.format}")
    plots.save(plots.growth(grown, prices, light), options.pictures / f"capacity-growth.{options.format}")
    plots.save(plots.gpu_seconds(), options.pictures / f"gpu-seconds.{options.format}")


def _simulated(scenarios: Sequence[Scenario], progress: Progress) -> list[Result]:
    return [
        Result(number=number, scenario=scenario, outcome=scenario.run())
        for number, scenario in enumerate(progress.track(scenarios, description="simulating"), start=1)
    ]


if __name__ == "__main__":
    main()
