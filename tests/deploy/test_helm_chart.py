"""The chart renders valid Kubernetes for every preset and combination."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
from prometheus_client import REGISTRY

from deploy.chartdocs.__main__ import SETTINGS
from servicekit.config import config_hints
from servicekit.config.env import variable_name
from servicekit.jobstore.redis.connection import Keys
from servicekit.observability import metrics
from tests.deploy.charts import NAMED, PRESETS, container, environment, files, of_kind, preset, render

ROOT = Path(__file__).parents[2]

KUBERNETES = "1.34"
CUSTOM_KINDS = {"ScaledObject", "TriggerAuthentication", "PodMonitor", "HTTPRoute", "GRPCRoute", "PrometheusRule"}
"""Their schemas come with their operators, not with Kubernetes."""
TOGGLES: dict[str, dict[str, Any]] = {
    "ingress": {"gateway": {"ingress": {"enabled": True, "hosts": ["rooms.example"], "tls": [{"secretName": "web"}]}}},
    "route": {"gateway": {"httpRoute": {"enabled": True, "parentRefs": [{"name": "web"}], "hostnames": ["a.example"]}}},
    "grpc": {
        "gateway": {"grpcRoute": {"enabled": True, "parentRefs": [{"name": "web"}], "hostnames": ["grpc.example"]}}
    },
    "weights": {"weightsClaim": {"create": True, "storageClassName": "nfs"}},
    "monitors": {"global": {"podMonitors": {"enabled": True}}},
    "open": {"global": {"networkPolicies": {"enabled": False}}},
    "tls": {"global": {"tls": {"existingSecret": "certificates"}}},
    "login": {"global": {"redis": {"passwordKey": "password"}}, "worker": {"autoscaling": {"kind": "keda"}}},
    "extras": {
        "worker": {
            "extraEnv": [{"name": "TZ", "value": "UTC"}],
            "priorityClassName": "high",
            "affinity": {"podAntiAffinity": {}},
            "extraObjects": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}, "data": {}}
            ],
        }
    },
}
_CODES = [code for code in itertools.combinations(range(6), 3) if 0 in code][: len(TOGGLES)]
"""In which three of six renderings a toggle is on. No two are alike, and all have the first, so that any two are on
together, off together, and each on without the other (Kleitman and Spencer, 1973)."""
COMBINATIONS = [
    *(
        (name, tuple(toggle for toggle, code in zip(TOGGLES, _CODES, strict=True) if rendering in code))
        for name in ("defaults", "t4", "triton")
        for rendering in range(6)
    ),
    *((name, toggles) for name in PRESETS for toggles in ((), tuple(TOGGLES))),
]


def test_any_two_toggles_are_rendered_in_all_four_ways() -> None:
    rendered = [set(toggles) for name, toggles in COMBINATIONS if name == "t4"]
    for one, other in itertools.combinations(TOGGLES, 2):
        assert {(one in toggles, other in toggles) for toggles in rendered} == set(
            itertools.product((True, False), repeat=2)
        )


def test_strict_lint_finds_nothing(chart: Path) -> None:
    for one in (chart, chart.parent / "service"):
        report = helm_python.lint(one, NAMED if one is chart else {"image": {"repository": "one"}}, strict=True)
        assert report["errors"] == []
        assert {message["error"] for message in report["messages"]} <= {"icon is recommended"}


@pytest.mark.parametrize(("name", "toggles"), COMBINATIONS)
@pytest.mark.slow
def test_every_combination_is_valid_kubernetes(chart: Path, name: str, toggles: tuple[str, ...]) -> None:
    manifests = render(chart, NAMED, preset(name), *(TOGGLES[toggle] for toggle in toggles))
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests]
    assert len(names) == len(set(names))
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM_KINDS:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    for deployment in of_kind(manifests, "Deployment").values():
        restricted(deployment["spec"]["template"]["spec"])
    for job in of_kind(manifests, "Job").values():
        restricted(job["spec"]["template"]["spec"])
    for pod in of_kind(manifests, "Pod").values():
        restricted(pod["spec"])


def restricted(spec: Mapping[str, Any]) -> None:
    """Fails where a pod is not what the Pod Security Standard `restricted` asks for, and a little more."""
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in (*spec["containers"], *spec.get("initContainers", ())):
        security = one["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert one["resources"]["limits"]["memory"], f"{one['name']} may take all memory of its node"


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
    for one in of_kind(manifests, "ScaledObject").values():
        assert 0 <= one["spec"]["minReplicaCount"] <= one["spec"]["maxReplicaCount"] == 10


@pytest.mark.parametrize("name", PRESETS)
def test_every_variable_is_one_that_the_process_reads(chart: Path, name: str) -> None:
    for deployment_name, deployment in of_kind(render(chart, NAMED, preset(name)), "Deployment").items():
        prefix, classes = SETTINGS[deployment_name.removeprefix("m-")]
        known = {variable_name(field, prefix) for settings in classes for field in fields(settings)}
        assert environment(deployment).keys() <= known | {config_hints.VARIABLE}


def test_workers_follow_the_jobs_and_models_the_calls_under_way(chart: Path) -> None:
    login = {"global": {"redis": {"passwordKey": "password", "namespace": "rooms"}}}
    manifests = render(chart, NAMED, preset("scale-to-zero"), login)
    for name in ("m-gateway", "m-worker", "m-notifier"):
        assert environment(of_kind(manifests, "Deployment")[name])["MODOMO_JOBLOG_NAMESPACE"] == "rooms"
    scaled = of_kind(manifests, "ScaledObject")
    assert scaled.keys() == {"m-worker", "m-detection", "m-controlmaps"}
    exported = {sample.name for family in REGISTRY.collect() for sample in family.samples} | {
        str(metric._name)
        for metric in vars(metrics).values()
        if hasattr(metric, "_name")  # labelled ones have no sample yet
    }
    for name, one in scaled.items():
        triggers = {trigger["type"]: trigger for trigger in one["spec"]["triggers"]}
        assert triggers["redis"]["metadata"]["listName"] == Keys("rooms").deadlines
        assert triggers["redis"]["metadata"]["address"] == "redis.example:6379"
        assert triggers["redis"]["metadata"]["databaseIndex"] == "3"
        assert {trigger["authenticationRef"]["name"] for trigger in triggers.values()} == {name}
        (secret,) = of_kind(manifests, "TriggerAuthentication")[name]["spec"]["secretTargetRef"]
        assert secret == {"parameter": "password", "name": "redis", "key": "password"}
        if name != "m-worker":
            query = triggers["prometheus"]["metadata"]["query"]
            assert f"modomo[.]{name.removeprefix('m-')}[.]v1" in query
            assert set(re.findall(r"\bmodomo_\w+", query)) <= exported
        assert one["spec"]["minReplicaCount"] == 0
    assert not of_kind(render(chart, NAMED, preset("scale-to-zero")), "TriggerAuthentication")


def test_triton_is_a_component_or_a_server_elsewhere(chart: Path) -> None:
    own = of_kind(render(chart, NAMED, preset("triton")), "Deployment")
    assert environment(own["m-detection"])["MODOMO_TRITON"] == "m-triton:8001"
    other = {"triton": {"enabled": False}, "global": {"triton": {"address": "triton.example:8001"}}}
    elsewhere = of_kind(render(chart, NAMED, preset("triton"), other), "Deployment")
    assert "m-triton" not in elsewhere
    assert environment(elsewhere["m-controlmaps"])["MODOMO_TRITON"] == "triton.example:8001"


@pytest.mark.parametrize("name", PRESETS)
def test_pods_end_after_their_longest_step(chart: Path, name: str) -> None:
    for deployment_name, deployment in of_kind(render(chart, NAMED, preset(name)), "Deployment").items():
        spec, one = deployment["spec"]["template"]["spec"], container(deployment)
        pause = int(one["lifecycle"]["preStop"]["exec"]["command"][-1]) if "lifecycle" in one else 0
        component = deployment_name.removeprefix("m-").upper()
        drain = float(environment(deployment).get(f"MODOMO_{component}_DRAIN_SECONDS", 20))
        assert spec["terminationGracePeriodSeconds"] > pause + drain
        budget = one["startupProbe"]["periodSeconds"] * one["startupProbe"]["failureThreshold"]
        torch = "torch" in environment(deployment).values()
        assert budget >= (300 if torch or deployment_name == "m-triton" else 60)


def test_calls_between_components_are_plaintext_unless_there_are_certificates(chart: Path) -> None:
    plain = of_kind(render(chart, NAMED), "Deployment")
    for deployment in plain.values():
        assert environment(deployment)["MODOMO_TLS_PLAINTEXT"] == "true"
    secured = of_kind(render(chart, NAMED, TOGGLES["tls"], {"notifier": {"tlsSecret": "own"}}), "Deployment")
    for name, deployment in secured.items():
        env = environment(deployment)
        assert "MODOMO_TLS_PLAINTEXT" not in env
        assert env["MODOMO_TLS_KEY"] == "/etc/modomo/tls/tls.key"
        (volume,) = [entry for entry in deployment["spec"]["template"]["spec"]["volumes"] if entry["name"] == "tls"]
        assert volume["secret"]["secretName"] == ("own" if name.endswith("notifier") else "certificates")
        probe = container(deployment)["readinessProbe"]
        if "grpc" in probe:
            service = name.removeprefix("m-").upper()
            assert env[f"MODOMO_{service}_HEALTH_PORT"] == str(probe["grpc"]["port"]) == "50060"


def test_triton_wants_certificates_where_its_callers_show_them(chart: Path) -> None:
    plain = of_kind(render(chart, NAMED, preset("triton")), "Deployment")["m-triton"]
    assert not [argument for argument in container(plain)["args"] if "ssl" in argument]
    secured = container(of_kind(render(chart, NAMED, preset("triton"), TOGGLES["tls"]), "Deployment")["m-triton"])
    assert "--grpc-use-ssl-mutual=true" in secured["args"]
    (mount,) = [one for one in secured["volumeMounts"] if one["name"] == "tls"]
    files = [argument.partition("=")[2] for argument in secured["args"] if "/etc/" in argument]
    assert len(files) == 3
    assert all(file.startswith(mount["mountPath"]) for file in files)


def test_keys_are_a_file_so_that_they_change_without_a_restart(chart: Path) -> None:
    deployment = of_kind(render(chart, NAMED, {"global": {"apiKeys": {"key": "k.toml"}}}), "Deployment")["m-gateway"]
    assert environment(deployment)["MODOMO_GATEWAY_API_KEYS_FILE"] == "/etc/modomo/keys/k.toml"
    (volume,) = [one for one in deployment["spec"]["template"]["spec"]["volumes"] if one["name"] == "keys"]
    assert volume["secret"]["secretName"] == "keys"


def test_routes_lead_to_http_and_grpc_and_set_no_limit_of_their_own(chart: Path) -> None:
    manifests = render(chart, NAMED, TOGGLES["ingress"], TOGGLES["route"], TOGGLES["grpc"])
    (rule,) = of_kind(manifests, "HTTPRoute")["m-gateway"]["spec"]["rules"]
    assert rule["timeouts"] == {"request": "0s"}
    assert rule["backendRefs"] == [{"name": "m-gateway", "port": 8000}]
    grpc = of_kind(manifests, "GRPCRoute")["m-gateway"]
    assert grpc["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert grpc["spec"]["rules"] == [{"backendRefs": [{"name": "m-gateway", "port": 50050}]}]
    assert grpc["spec"]["hostnames"] == ["grpc.example"]
    # what an ingress controller needs to know is the operator's to say: none of them is the usual one
    assert "annotations" not in of_kind(manifests, "Ingress")["m-gateway"]["metadata"]


def test_notes_say_what_to_do_next(chart: Path) -> None:
    notes = files(chart, NAMED)["modomo/templates/NOTES.txt"]
    words = ("get pods", "port-forward", "gateway.httpRoute.parentRefs", "MODOMO_GATEWAY_PUBLIC_URL", "helm test m")
    assert [word for word in words if word not in notes] == []
    assert "gateway.httpRoute" not in files(chart, NAMED, TOGGLES["route"])["modomo/templates/NOTES.txt"]
    assert "driver" not in notes
    source = ROOT / "services/_servicekit/servicekit/inference/cuda.py"  # which imports torch
    (least,) = re.findall(r"^LEAST_DRIVER: Final = (\d+)$", source.read_text(), re.MULTILINE)
    on_gpus = files(chart, NAMED, preset("t4"))["modomo/templates/NOTES.txt"]
    assert f"NVIDIA's driver {least} or newer" in on_gpus
    for page in ("README.md", "docs/first-run.md", "docs/gpu-nodes.md", "services/diffusion/TORCH.md"):
        assert least in (ROOT / page).read_text(), page
