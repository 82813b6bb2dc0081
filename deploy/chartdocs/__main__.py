"""`python -m deploy.chartdocs [--check]`: writes tables, schemas, rules, dashboard, or says what is out of date."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from controlmaps import settings as controlmaps
from deploy.chartdocs import readme, schema, values
from deploy.monitoring import dashboard, objectives
from detection import settings as detection
from diffusion import settings as diffusion
from gateway.api import settings as gateway
from gateway.worker import settings as worker
from gateway.worker.first_look import settings as first_look
from notifier import settings as notifier

HELM: Final = Path(__file__).parents[1] / "helm"

SETTINGS: Final[Mapping[str, tuple[str, Sequence[type[Any]]]]] = {
    "gateway": (gateway.PREFIX, [gateway.ApiSettings]),
    "worker": (worker.PREFIX, [worker.WorkerSettings]),
    "firstlook": (first_look.PREFIX, [first_look.FirstLookSettings]),
    "detection": (detection.PREFIX, [detection.Settings]),
    "controlmaps": (controlmaps.PREFIX, [controlmaps.Settings]),
    "diffusion": (diffusion.PREFIX, [diffusion.Settings]),
    "notifier": (notifier.PREFIX, [notifier.Settings]),
    # the models in Triton read the settings of the services that they work for
    "triton": (detection.PREFIX, [detection.Settings]),
}
"""What each component of the umbrella reads from its environment: prefix, and the classes it fills."""


def made() -> Iterator[tuple[Path, str]]:
    """Every file that is made, with its text."""
    component = values.read(HELM / "service" / "values.yaml")
    umbrella = values.read(HELM / "modomo" / "values.yaml")
    common = [value for value in umbrella if value.key not in SETTINGS]
    for name, table, rules in (
        ("service", component, schema.of_component(component)),
        ("modomo", common, schema.of_umbrella(umbrella, SETTINGS)),
    ):
        text = (HELM / name / "README.md").read_text()
        yield HELM / name / "README.md", readme.with_table(text, table)
        yield HELM / name / "values.schema.json", json.dumps(rules, indent=1, ensure_ascii=False) + "\n"
    yield HELM / "modomo" / "rules" / "objectives.yaml", objectives.rules()
    yield HELM / "modomo" / "dashboards" / "modomo.json", dashboard.text()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.chartdocs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a file is out of date")
    check = parser.parse_args().check
    stale = [(path, text) for path, text in made() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        if check:
            sys.stderr.write(f"{path} is out of date: run `make chart`\n")
        else:
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
