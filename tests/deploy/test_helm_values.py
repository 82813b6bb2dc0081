"""What operators may say: typos and combinations that cannot work are refused by name, everything is described."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from deploy.chartdocs.__main__ import SETTINGS, made
from deploy.chartdocs.values import Value, read
from tests.deploy.charts import NAMED, render
from tools.release.charts import CHARTS

ZERO = {"kind": "keda", "min": 0}
ROUTE = {"enabled": True, "parentRefs": [{"name": "web"}], "hostnames": ["a.example"]}
TORCH = {"MODOMO_DIFFUSION_ENGINE": "torch"}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"difusion": {}}, "difusion"),
        ({"diffusion": {"replica": 2}}, "replica"),
        ({"diffusion": {"replicas": "2"}}, "replicas"),
        ({"diffusion": {"autoscaling": {"kind": "vpa"}}}, "'none', 'hpa', 'keda'"),
        ({"diffusion": {"autoscaling": {"maximum": 3}}}, "maximum"),
        ({"diffusion": {"env": {"MODOMO_DIFUSION_ENGINE": "lite"}}}, "MODOMO_DIFUSION_ENGINE"),
        ({"diffusion": {"env": {"MODOMO_DIFFUSION_ENGINE": "auto"}}}, "MODOMO_DIFFUSION_ENGINE"),
        ({"gateway": {"image": {"digest": "latest"}}}, "digest"),
        ({"gateway": {"secretEnv": {"TOKEN": {"secret": "one"}}}}, "key"),
        ({"global": {"redis": {"existingsecret": "x"}}}, "existingsecret"),
        ({"global": {"logLevel": "info"}}, "logLevel"),
        ({"global": {"redis": {"address": "redis.example:6379/3"}}}, "address"),
        ({"global": {"redis": {"database": "three"}}}, "database"),
        ({"global": {"imagePullSecrets": [{"nam": "regcred"}]}}, "imagePullSecrets"),
        ({"global": {"networkPolicies": {"workloadIdentity": "aws"}}}, "workloadIdentity"),
        ({"global": {"try": {"enabled": True, "password": "short"}}}, "password"),
        ({"diffusion": {"gpu": {"resource": "mig-1g.10gb"}}}, "resource"),
        ({"diffusion": {"resourceClaims": [{"resourceClaimTemplateName": "t4"}]}}, "resourceClaims"),
        ({"diffusion": {"strategy": {"kind": "Recreate"}}}, "kind"),
        ({"gateway": {"service": {"type": "Loadbalancer"}}}, "type"),
        ({"gateway": {"lifecycle": {"prestop": {}}}}, "prestop"),
        ({"gateway": {"dnsPolicy": "none"}}, "dnsPolicy"),
        ({"global": {"otlp": {"endpoint": "collector:4317"}}}, "endpoint"),
        ({"global": {"otlp": {"ratio": 10}}}, "ratio"),
        ({"global": {"networkPolicies": {"outside": {"redis": {"port": "6379"}}}}}, "port"),
    ],
)
def test_a_typo_is_refused_by_name(chart: Path, values: dict[str, Any], named: str) -> None:
    with pytest.raises(helm_python.HelmError, match=re.escape(named)):
        render(chart, NAMED, values)


@pytest.mark.parametrize(
    "values",
    [
        {"detection": {"enabled": False}, "global": {"anything": {}}},
        {"detection": {"env": {"TZ": "UTC", "OMP_NUM_THREADS": 2}}},
        {"gateway": {"podDisruptionBudget": {"maxUnavailable": "25%"}}},
    ],
)
def test_the_schema_allows_what_helm_and_operators_need(chart: Path, values: dict[str, Any]) -> None:
    values = {key: value for key, value in values.items() if key != "global"}
    assert render(chart, NAMED, values)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"global": {"redis": {"existingSecret": ""}}}, "global.redis.existingSecret"),
        ({"global": {"s3": {"bucket": ""}}}, "global.s3.bucket"),
        ({"global": {"otlp": {"endpoint": "http://collector:4319"}}}, "global.networkPolicies.outside.otlp.port"),
        ({"gateway": {"env": {"MODOMO_STORAGE": "local"}}}, "gateway.env.MODOMO_STORAGE"),
        ({"global": {"apiKeys": {"existingSecret": ""}}}, "global.apiKeys.existingSecret"),
        ({"worker": {"autoscaling": ZERO}, "global": {"redis": {"address": ""}}}, "global.redis.address"),
        ({"worker": {"autoscaling": ZERO}, "global": {"redis": {"database": ""}}}, "global.redis.database"),
        ({"global": {"redis": {"urlKey": ""}}}, "global.redis.urlKey is empty"),
        ({"global": {"try": {"enabled": True, "password": "0123456789abcdef"}}}, "global.try.enabled"),
        (
            {"detection": {"autoscaling": {"kind": "keda"}}, "global": {"prometheus": {"address": ""}}},
            "prometheus.address",
        ),
        ({"detection": {"autoscaling": {"kind": "hpa", "min": 0}}}, "detection.autoscaling.min"),
        ({"detection": {"autoscaling": {"kind": "hpa", "min": 5, "max": 2}}}, "detection.autoscaling.max"),
        ({"detection": {"autoscaling": {"kind": "hpa"}, "resources": {"requests": {"cpu": ""}}}}, "requests.cpu"),
        ({"diffusion": {"autoscaling": ZERO}}, "MODOMO_GATEWAY_MAY_SLEEP"),
        ({"diffusion": {"env": TORCH}}, "diffusion.weights.source"),
        ({"diffusion": {"env": TORCH, "weights": {"source": "claim"}}}, "diffusion.weights.claim"),
        ({"diffusion": {"env": TORCH, "weights": {"source": "image"}}}, "diffusion.weights.image"),
        ({"diffusion": {"env": TORCH, "weights": {"source": "pull"}}}, "diffusion.weights.service"),
        ({"detection": {"env": {"MODOMO_DETECTION_ENGINE": "triton"}}}, "global.triton.address"),
        ({"diffusion": {"autoscaling": {"kind": "keda", "triggers": []}}}, "diffusion.autoscaling.triggers"),
        ({"detection": {"fullnameOverride": "finder"}}, "MODOMO_DETECTION_ADDRESS"),
        ({"worker": {"terminationGracePeriodSeconds": 100}}, "worker.terminationGracePeriodSeconds"),
        ({"gateway": {"ingress": {"enabled": True}}}, "gateway.ingress.hosts"),
        ({"gateway": {"httpRoute": {"enabled": True}}}, "gateway.httpRoute.parentRefs"),
        ({"gateway": {"grpcRoute": {"enabled": True}}}, "gateway.grpcRoute.parentRefs"),
        ({"gateway": {"httpRoute": ROUTE, "grpcRoute": ROUTE}}, "gateway.grpcRoute.hostnames"),
        ({"notifier": {"service": {"type": "LoadBalancer"}}}, "notifier.service.clusterIP"),
        ({"worker": {"progressDeadlineSeconds": 200}}, "worker.progressDeadlineSeconds"),
        (
            {"worker": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}}},
            "worker.strategy.rollingUpdate",
        ),
        ({"gateway": {"serviceAccount": {"create": False}}}, "gateway.serviceAccount.name"),
    ],
)
def test_what_cannot_work_is_refused_with_the_value_that_mends_it(
    chart: Path, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(helm_python.HelmError, match=re.escape(named)):
        render(chart, NAMED, values)


def test_readmes_and_schemas_are_as_the_values_say() -> None:
    stale = [path.name for path, text in made() if path.read_text() != text]
    assert not stale, "run `make chart`"


@pytest.mark.parametrize("name", ["service", "modomo"])
def test_every_value_is_described(name: str) -> None:
    values = read(CHARTS / name / "values.yaml")
    checked = values if name == "service" else tuple(value for value in values if value.key not in SETTINGS)
    assert _undescribed(checked) == []


def _undescribed(values: tuple[Value, ...], prefix: str = "") -> list[str]:
    return [
        path
        for value in values
        for path in (
            _undescribed(value.children, f"{prefix}{value.key}.")
            if value.children
            else ([] if value.description else [prefix + value.key])
        )
    ]


def test_a_comment_that_is_no_schema_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("# -- A number\n# @schema minimum 1\none: 1\n")
    with pytest.raises(ValueError, match="line 2"):
        read(file)


def test_versions_belong_together() -> None:
    umbrella, component = (yaml.safe_load((CHARTS / name / "Chart.yaml").read_text()) for name in ("modomo", "service"))
    for one in (umbrella, component):
        assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"])
        assert one["appVersion"] == version("modomo-gateway")
    assert {dependency["version"] for dependency in umbrella["dependencies"]} == {component["version"]}
    upgrading = (CHARTS.parent / "UPGRADING.md").read_text()
    assert f"## {umbrella['version']}" in upgrading
