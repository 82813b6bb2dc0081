"""`python -m research.capacity`: simulates all scenarios and writes the tables and pictures of `docs/capacity.md`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.progress import Progress

from research.capacity import plots, tables
from research.capacity.prices import Light, Prices
from research.capacity.scenarios import GROWTH, ONE_PASS, SCENARIOS, Scenario
from research.capacity.service_times import CpuSeconds, ServiceTimes
from research.capacity.tables import Result
from tools.docs import figures, sections

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "capacity.md"


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
    page = sections.replace(PAGE.read_text(), "times", tables.assumptions(ServiceTimes(), CpuSeconds()))
    PAGE.write_text(sections.replace(page, "volumes", tables.volumes(results, prices, light)))
    largest = [result for result in results if result.scenario.name == "10M" and result.scenario.times == ONE_PASS]
    figures.save(plots.day(largest), options.pictures / f"capacity-day.{options.format}")
    figures.save(plots.choices(results, prices, light), options.pictures / f"capacity-choices.{options.format}")
    figures.save(plots.growth(grown, prices, light), options.pictures / f"capacity-growth.{options.format}")
    figures.save(plots.gpu_seconds(), options.pictures / f"gpu-seconds.{options.format}")


def _simulated(scenarios: Sequence[Scenario], progress: Progress) -> list[Result]:
    return [
        Result(number=number, scenario=scenario, outcome=scenario.run())
        for number, scenario in enumerate(progress.track(scenarios, description="simulating"), start=1)
    ]


if __name__ == "__main__":
    main()
