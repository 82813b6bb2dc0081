"""Every alert has its page, every page its alert, and what a page names is there."""

import re
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from deploy.chartdocs.__main__ import SETTINGS
from deploy.chartdocs.values import Value, read
from deploy.monitoring import dashboard
from servicekit.config.env import variable_name
from tests.deploy import declared_metrics
from tests.deploy.charts import NAMED, of_kind, preset, render
from tests.deploy.test_monitoring import rules
from tools.release.charts import CHARTS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "README")
PARTS = ["What it means", "How to look", "What to do"]


def alerts() -> set[str]:
    """Names of all alerts in the chart."""
    return {rule["alert"] for rule in rules() if "alert" in rule}


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert {path.stem for path in PAGES} == alerts()
    index = (FOLDER / "README.md").read_text()
    assert re.findall(r"^- \[(\w+)\]\(\1\.md\)$", index, re.MULTILINE) == sorted(alerts())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_has_its_three_parts_and_is_short(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^#+ (.*)$", text, re.MULTILINE) == [page.stem, *PARTS]
    assert 80 < len(text.split()) < 320


def test_alerts_lead_to_their_pages(chart: Path) -> None:
    def annotations(url: str) -> dict[str, dict[str, str]]:
        values = {"global": {"prometheusRules": {"runbookUrl": url}}}
        (rule,) = of_kind(render(chart, NAMED, preset("production"), values), "PrometheusRule").values()
        rendered = [one for group in rule["spec"]["groups"] for one in group["rules"]]
        return {one["alert"]: one["annotations"] for one in rendered if "alert" in one}

    for alert, found in annotations("").items():
        assert (ROOT / found["runbook"]).stem == alert
        assert (ROOT / found["runbook"]).exists()
        assert "runbook_url" not in found
    for alert, found in annotations("https://docs.example/docs/runbooks/ALERT.html").items():
        assert found["runbook_url"] == f"https://docs.example/docs/runbooks/{alert}.html"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What pages may name."""

    variables: set[str]
    series: set[str]
    values: set[str]
    sources: str
    board: str


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(
        variables={
            variable_name(field, prefix)
            for prefix, classes in SETTINGS.values()
            for one in classes
            for field in fields(one)
        },
        series={*declared_metrics.series()},
        values={*_values(read(CHARTS / "modomo" / "values.yaml"))}
        | {
            f"{component}.{path}"
            for component in SETTINGS
            for path in _values(read(CHARTS / "service" / "values.yaml"))
        },
        sources=" ".join(path.read_text() for path in (ROOT / "services").glob("*/*/**/*.py")),
        board=dashboard.text(),
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_what_a_page_names_is_there(page: Path, known: Known) -> None:
    text = page.read_text()
    assert {*re.findall(r"MODOMO_\w+", text)} <= known.variables
    assert {*re.findall(r"\bmodomo_\w+", text)} <= known.series
    for path in re.findall(rf"`((?:global|{'|'.join(SETTINGS)})\.[A-Za-z.0-9]+)`", text):
        assert path in known.values, path
    for words in re.findall(r'"([a-zA-Z][^"\n]+)"', text):
        assert f'"{words}"' in known.sources or f'"title": "{words}"' in known.board or words == "Targets", words
    for path in re.findall(r"docs/[\w.-]+\.md", text):
        assert (ROOT / path).exists()


def _values(values: tuple[Value, ...], prefix: str = "") -> list[str]:
    """Every path of a values file, and of everything above it."""
    return [
        path
        for value in values
        for path in (prefix + value.key, *_values(value.children, f"{prefix}{value.key}."), *_below(value, prefix))
    ]


def _below(value: Value, prefix: str) -> list[str]:
    """Keys of a mapping that the operator may add to."""
    inner = value.default if not value.children and isinstance(value.default, dict) else {}
    return [f"{prefix}{value.key}.{key}" for key in inner]
