"""Alerts fire when they should, and neither they nor the dashboard look at anything that no process shows."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.monitoring import dashboard
from deploy.monitoring.objectives import NAMESPACE, OBJECTIVES
from tests.deploy import declared_metrics
from tests.deploy.alert_cases import CASES, Case
from tests.deploy.charts import NAMED, of_kind, preset, render
from tests.deploy.promql_selectors import selected
from tools.release.charts import CHARTS

PROMTOOL = Path(__file__).parents[2] / "build" / "promtool" / "usr" / "bin" / "promtool"
FROM_PROMETHEUS = frozenset({"namespace", "pod", "job", "instance"})
"""Labels that are added when a pod is read."""

needs_promtool = pytest.mark.skipif(
    not PROMTOOL.exists(), reason="no promtool: `make test` takes it from Debian's package where there is apt-get"
)


def groups() -> list[dict[str, Any]]:
    """All groups of rules in the chart."""
    files = (CHARTS / "modomo" / "rules" / name for name in ("objectives.yaml", "alerts.yaml"))
    return [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]


def rules() -> list[dict[str, Any]]:
    """All rules in the chart."""
    return [rule for group in groups() for rule in group["rules"]]


def panels() -> Iterator[dict[str, Any]]:
    """All panels of the dashboard that have queries."""
    for panel in json.loads(dashboard.text())["panels"]:
        yield from (one for one in (panel, *panel.get("panels", ())) if "targets" in one)


def expressions() -> list[str]:
    """Everything that is asked of Prometheus."""
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


def known() -> dict[str, frozenset[str]]:
    """Labels of every series that is there: of the processes, and of recorded ones."""
    recorded = {rule["record"]: frozenset(rule["labels"]) for rule in rules() if "record" in rule}
    return {name: labels | FROM_PROMETHEUS for name, labels in (declared_metrics.series() | recorded).items()}


def promtool(directory: Path, *arguments: str) -> tuple[int, str]:
    """Runs it; its exit status, and what it said."""
    run = subprocess.run([PROMTOOL, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_every_expression_looks_at_series_and_labels_that_there_are() -> None:
    there = known()
    assert len(expressions()) > 150
    for expression in expressions():
        seen = selected(expression)
        for name, labels in seen.series:
            assert name in there, f"no process shows {name}: {expression}"
            assert labels <= there[name], f"{name} has no label {labels - there[name]}: {expression}"
            assert "namespace" in labels, f"{name} of other installs: {expression}"
        of_all = frozenset[str]().union(*(there[name] for name, _ in seen.series))
        assert seen.groups <= of_all, f"nothing has a label {seen.groups - of_all}: {expression}"


def test_every_metric_that_the_services_declare_is_on_the_dashboard() -> None:
    shown = {name for panel in panels() for target in panel["targets"] for name, _ in selected(target["expr"]).series}
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in declared_metrics.series()} <= shown


def test_what_an_objective_counts_is_a_boundary_of_its_histogram() -> None:
    from servicekit.observability.metrics import SECONDS_BUCKETS

    limits = re.findall(r'le="([^"]+)"', " ".join(objective.good for objective in OBJECTIVES))
    assert limits == ["0.2", "0.5", "0.1", "15.0"]
    assert {float(limit) for limit in limits} <= {*SECONDS_BUCKETS}
    assert all(limit == str(float(limit)) for limit in limits)  # as prometheus_client writes it


def test_an_expression_with_a_typo_is_noticed() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        selected("sum by (le) (rate(modomo_rpc_duration_seconds_bucket[5m])")
    assert selected('sum by (a) (x{b="c"})').series == (("x", frozenset({"b"})),)
    assert selected('sum by (a) (x{b="c"})').groups == {"a"}


def test_every_alert_says_how_bad_it_is_what_it_is_and_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert {rule["labels"]["severity"] for rule in alerts} == {"critical", "warning"}
    for rule in alerts:
        assert rule["annotations"]["summary"]
        assert len(rule["annotations"]["description"]) > 60, rule["alert"]


def test_legends_name_labels_that_their_queries_keep() -> None:
    for panel in panels():
        for target in panel["targets"]:
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            kept = selected(target["expr"]).groups | {"objective"}
            assert named <= kept, f"{panel['title']}: {named - kept}"


def test_panels_stand_beside_one_another_and_have_numbers_of_their_own() -> None:
    whole = json.loads(dashboard.text())
    taken: set[tuple[int, int]] = set()
    for panel in whole["panels"]:
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not squares & taken, panel["title"]
        taken |= squares
    numbers = [panel["id"] for panel in whole["panels"]]
    assert len(numbers) == len(set(numbers))
    variables = {variable["name"] for variable in whole["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(whole["panels"])))
    assert {name for name in used if not name.startswith("__")} == variables


class TestChart:
    def test_rules_and_dashboard_are_off_until_they_are_asked_for(self, chart: Path) -> None:
        manifests = render(chart, NAMED)
        assert not of_kind(manifests, "PrometheusRule")
        assert "m-dashboard" not in of_kind(manifests, "ConfigMap")

    def test_rules_are_about_this_install_and_may_be_left_out(self, chart: Path) -> None:
        values = {"global": {"prometheusRules": {"labels": {"release": "p"}, "omit": ["ModomoImagesDear"]}}}
        (rule,) = of_kind(render(chart, NAMED, preset("production"), values), "PrometheusRule").values()
        assert rule["metadata"]["labels"]["release"] == "p"
        rendered = [one for group in rule["spec"]["groups"] for one in group["rules"]]
        asked = [one for one in rules() if one.get("alert") != "ModomoImagesDear"]
        assert [one["expr"] for one in rendered] == [one["expr"].replace(NAMESPACE, "rooms") for one in asked]
        for one, written in zip(rendered, asked, strict=True):
            assert written.get("annotations", {}).items() <= one.get("annotations", {}).items()

    def test_the_dashboard_is_found_by_grafana(self, chart: Path) -> None:
        values = {"global": {"dashboard": {"namespace": "grafana", "annotations": {"grafana_folder": "Rooms"}}}}
        board = of_kind(render(chart, NAMED, preset("production"), values), "ConfigMap")["m-dashboard"]
        assert board["metadata"]["namespace"] == "grafana"
        assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert board["metadata"]["annotations"] == {"grafana_folder": "Rooms"}
        assert board["data"]["modomo.json"] == dashboard.text().rstrip("\n")


@needs_promtool
class TestPromtool:
    def test_the_rules_are_sound(self, tmp_path: Path) -> None:
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups()}))
        status, said = promtool(tmp_path, "check", "rules", "rules.yaml")
        assert status == 0, said

    @pytest.mark.parametrize("objective", [*(objective.name for objective in OBJECTIVES), "none"])
    def test_every_alert_fires_when_it_should_and_only_then(self, tmp_path: Path, objective: str) -> None:
        """Objective by objective, and all other alerts together: less to compute than everything in every case."""
        cases = [case for case in CASES if case.objective == objective]
        chosen = [rule for rule in rules() if rule["labels"].get("objective", "none") == objective]
        status, said = outcome(tmp_path, chosen, cases)
        assert status == 0, said

    def test_a_wrong_expectation_is_noticed(self, tmp_path: Path) -> None:
        case = next(case for case in CASES if case.alert == "ModomoQueueOld" and case.fires)
        status, said = outcome(tmp_path, rules(), [replace(case, fires=0)])
        assert status != 0
        assert "ModomoQueueOld" in said


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    names = {rule["alert"] for rule in rules() if "alert" in rule}
    assert {case.alert for case in CASES if case.fires} == names
    assert {case.alert for case in CASES if not case.fires} == names
    assert {case.objective for case in CASES if case.fires} == {"none", *(objective.name for objective in OBJECTIVES)}


def outcome(directory: Path, chosen: list[dict[str, Any]], cases: Sequence[Case]) -> tuple[int, str]:
    """Lets promtool run cases on some rules; its exit status, and what it said."""
    group = {"groups": [{"name": "rules", "rules": chosen}]}
    (directory / "rules.yaml").write_text(yaml.safe_dump(group).replace(NAMESPACE, "rooms"))
    (directory / "tests.yaml").write_text(yaml.safe_dump(promtool_tests(cases)))
    return promtool(directory, "test", "rules", "tests.yaml")


def promtool_tests(cases: Sequence[Case]) -> dict[str, Any]:
    """The cases in promtool's form."""
    return {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "name": f"{case.alert}: {case.what}",
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{case.alert}", alertstate="firing", {case.labels}}})',
                        "eval_time": f"{case.minutes}m",
                        "exp_samples": [{"labels": "{}", "value": case.fires}] if case.fires else [],
                    }
                ],
            }
            for case in cases
        ],
    }
