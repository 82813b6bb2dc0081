"""The chart renders valid Kubernetes for every preset and combination, and says what is wrong where it cannot work."""

import itertools
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest

from controlmaps.settings import PREFIX as CONTROLMAPS
from controlmaps.settings import Settings as ControlmapsSettings
from detection.settings import PREFIX as DETECTION
from detection.settings import Settings as DetectionSettings
from diffusion.settings import PREFIX as DIFFUSION
from diffusion.settings import Settings as DiffusionSettings
from gateway.settings import PREFIX as GATEWAY
from gateway.settings import ApiSettings
from gateway.worker_settings import PREFIX as WORKER
from gateway.worker_settings import WorkerSettings
from notifier.settings import PREFIX as NOTIFIER
from notifier.settings import Settings as NotifierSettings
from servicekit.env import variable_name
from tests.deploy.charts import NAMED, build, container, of_kind, preset, render

KUBERNETES = "1.34"
CUSTOM_KINDS = {"ScaledObject", "TriggerAuthentication", "PodMonitor", "HTTPRoute"}
"""Their schemas come with their operators, not with Kubernetes."""
PRESETS = ("", "cpu", "t4", "production")
TOGGLES: dict[str, dict[str, Any]] = {
    "ingress": {"gateway": {"ingress": {"enabled": True, "hosts": ["rooms.example"]}}},
    "route": {"gateway": {"httpRoute": {"enabled": True, "parentRefs": [{"name": "web"}]}}},
    "monitors": {"global": {"podMonitors": {"enabled": True}}},
    "open": {"global": {"networkPolicies": {"enabled": False}}},
    "extras": {"worker": {"extraEnv": [{"name": "TZ", "value": "UTC"}], "priorityClassName": "high"}},
}
COMBINATIONS = [
    (name, toggles) for name in PRESETS for count in (0, 1, 2) for toggles in itertools.combinations(TOGGLES, count)
]
SETTINGS: dict[str, tuple[str, Any]] = {
    "m-gateway": (GATEWAY, ApiSettings),
    "m-worker": (WORKER, WorkerSettings),
    "m-detection": (DETECTION, DetectionSettings),
    "m-controlmaps": (CONTROLMAPS, ControlmapsSettings),
    "m-diffusion": (DIFFUSION, DiffusionSettings),
    "m-notifier": (NOTIFIER, NotifierSettings),
}


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella with its dependencies."""
    return build(tmp_path_factory.mktemp("charts"))


def test_lint_finds_no_error(chart: Path) -> None:
    assert helm_python.lint(chart)["errors"] == []


@pytest.mark.parametrize(("name", "toggles"), COMBINATIONS)
def test_every_combination_is_valid_kubernetes(chart: Path, name: str, toggles: tuple[str, ...]) -> None:
    manifests = render(chart, NAMED, preset(name), *(TOGGLES[toggle] for toggle in toggles))
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM_KINDS:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    for deployment in of_kind(manifests, "Deployment").values():
        spec = deployment["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        security = container(deployment)["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", PRESETS)
def test_an_autoscaler_owns_the_replicas_that_it_scales(chart: Path, name: str) -> None:
    manifests = render(chart, NAMED, preset(name))
    scaled = {
        one["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for one in of_kind(manifests, kind).values()
    }
    for deployment_name, deployment in of_kind(manifests, "Deployment").items():
        assert ("replicas" in deployment["spec"]) == (deployment_name not in scaled)


@pytest.mark.parametrize("name", PRESETS)
def test_every_variable_is_one_that_the_process_reads(chart: Path, name: str) -> None:
    for deployment_name, deployment in of_kind(render(chart, NAMED, preset(name)), "Deployment").items():
        prefix, settings = SETTINGS[deployment_name]
        known = {variable_name(field, prefix) for field in fields(settings)}
        names = {variable["name"] for variable in container(deployment)["env"]}
        assert names <= known, f"{deployment_name}: {sorted(names - known)}"


def test_grpc_addresses_name_services_and_ports_that_exist(chart: Path) -> None:
    manifests = render(chart, NAMED)
    services = {
        f"dns:///{name}:{port['port']}"
        for name, service in of_kind(manifests, "Service").items()
        for port in service["spec"]["ports"]
        if port["name"] == "grpc" and service["spec"].get("clusterIP") == "None"
    }
    addresses = {
        (name, variable["value"])
        for name, deployment in of_kind(manifests, "Deployment").items()
        for variable in container(deployment)["env"]
        if variable["name"].endswith("_ADDRESS")
    }
    assert {address for _name, address in addresses} <= services
    policies = of_kind(manifests, "NetworkPolicy")
    for caller, address in addresses:
        callee = address.removeprefix("dns:///").split(":")[0]
        assert _peer(caller) in [peer for rule in policies[callee]["spec"]["ingress"] for peer in rule.get("from", [])]
        assert _peer(callee) in [peer for rule in policies[caller]["spec"]["egress"] for peer in rule.get("to", [])]


def _peer(name: str) -> Mapping[str, Any]:
    labels = {"app.kubernetes.io/name": name.removeprefix("m-"), "app.kubernetes.io/instance": "m"}
    return {"podSelector": {"matchLabels": labels}}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"global": {"redis": {"existingSecret": ""}}}, "global.redis.existingSecret"),
        ({"global": {"s3": {"bucket": ""}}}, "global.s3.bucket"),
        ({"global": {"apiKeys": {"existingSecret": ""}}}, "global.apiKeys.existingSecret"),
        ({"worker": {"autoscaling": {"kind": "keda"}}, "global": {"redis": {"address": ""}}}, "global.redis.address"),
        ({"diffusion": {"env": {"MODOMO_DIFFUSION_ENGINE": "auto"}}}, "MODOMO_DIFFUSION_ENGINE"),
        ({"detection": {"autoscaling": {"kind": "hpa"}, "resources": {"requests": {"cpu": ""}}}}, "requests.cpu"),
        ({"gateway": {"ingress": {"enabled": True}}}, "gateway.ingress.hosts"),
        ({"gateway": {"httpRoute": {"enabled": True}}}, "gateway.httpRoute.parentRefs"),
        ({"diffusion": {"autoscaling": {"kind": "keda"}}}, "diffusion.autoscaling.triggers"),
        ({"gateway": {"serviceAccount": {"create": False}}}, "gateway.serviceAccount.name"),
    ],
)
def test_what_cannot_work_is_refused_with_the_value_that_mends_it(
    chart: Path, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(helm_python.HelmError, match=named.replace(".", r"\.")):
        render(chart, NAMED, values)


def test_calls_between_components_are_plaintext_unless_there_are_certificates(chart: Path) -> None:
    plain = of_kind(render(chart, NAMED), "Deployment")
    for deployment in plain.values():
        env = {one["name"]: one.get("value") for one in container(deployment)["env"]}
        assert env["MODOMO_TLS_PLAINTEXT"] == "true"
    secured = of_kind(
        render(chart, NAMED, {"global": {"tls": {"existingSecret": "certificates"}}, "notifier": {"tlsSecret": "own"}}),
        "Deployment",
    )
    for name, deployment in secured.items():
        one = container(deployment)
        env = {entry["name"]: entry.get("value") for entry in one["env"]}
        assert "MODOMO_TLS_PLAINTEXT" not in env
        assert env["MODOMO_TLS_KEY"] == "/etc/modomo/tls/tls.key"
        (volume,) = [entry for entry in deployment["spec"]["template"]["spec"]["volumes"] if entry["name"] == "tls"]
        assert volume["secret"]["secretName"] == ("own" if name.endswith("notifier") else "certificates")
        if "grpc" in one.get("readinessProbe", {}):
            service = name.removeprefix("m-").upper()
            assert env[f"MODOMO_{service}_HEALTH_PORT"] == str(one["readinessProbe"]["grpc"]["port"]) == "50060"


def test_webhooks_are_signed_by_a_secret_and_reach_nothing_inside(chart: Path) -> None:
    manifests = render(chart, NAMED, {"global": {"webhooks": {"existingSecret": "signing"}}})
    for name in ("m-gateway", "m-notifier"):
        env = {one["name"]: one for one in container(of_kind(manifests, "Deployment")[name])["env"]}
        assert env["MODOMO_WEBHOOK_SECRETS"]["valueFrom"]["secretKeyRef"]["name"] == "signing"
    policy = of_kind(manifests, "NetworkPolicy")["m-notifier"]
    (webhooks,) = [rule for rule in policy["spec"]["egress"] if any("ipBlock" in peer for peer in rule.get("to", ()))]
    assert webhooks["ports"] == [{"port": 443}]
    assert "169.254.0.0/16" in webhooks["to"][0]["ipBlock"]["except"]
