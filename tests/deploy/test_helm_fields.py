"""What operators say of pods and objects comes out as they said it: numbers, secrets, labels, fields of Kubernetes."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.charts import NAMED, PRESETS, container, environment, of_kind, preset, render
from tests.deploy.test_helm_chart import KUBERNETES, TOGGLES

EVERYWHERE: tuple[dict[str, Any], ...] = (
    {},
    TOGGLES["ingress"],
    TOGGLES["route"],
    TOGGLES["grpc"],
    TOGGLES["weights"],
    TOGGLES["login"],
)


VAULT = '{{ with secret "rooms" }}{{ .Data.key }}{{ end }}'
"""Another program's template: not Helm's."""


def test_whole_numbers_come_out_whole_however_large(chart: Path) -> None:
    values = {
        "gateway": {
            "env": {"MODOMO_GATEWAY_DECODE_MEMORY_BYTES": 1_572_864, "RATE": 0.25, "WORDS": "1e6", "ON": True},
            "annotations": {"example.com/bytes": 10_000_000},
            "podAnnotations": {"example.com/bytes": 10_000_000, "vault.example/template": VAULT},
            "service": {"annotations": {"example.com/idle": 3_600_000}},
            "nodeSelector": {"example.com/generation": 1_000_000},
            "podSecurityContext": {"runAsUser": 1_000_650_000},
            "args": ["api", 1_048_576],
            "terminationGracePeriodSeconds": 1_000_000,
        },
        "worker": {
            "autoscaling": {
                "kind": "keda",
                "cooldownPeriod": 1_000_000,
                "triggers": [{"type": "redis", "metadata": {"listLength": 2_000_000}}],
            }
        },
    }
    manifests = render(chart, NAMED, values)
    gateway = of_kind(manifests, "Deployment")["m-gateway"]
    kubernetes_validate.validate(gateway, KUBERNETES, strict=True)
    assert environment(gateway)["MODOMO_GATEWAY_DECODE_MEMORY_BYTES"] == "1572864"
    assert [environment(gateway)[name] for name in ("RATE", "WORDS", "ON")] == ["0.25", "1e6", "true"]
    pod = gateway["spec"]["template"]
    assert gateway["metadata"]["annotations"] == {"example.com/bytes": "10000000"}
    assert pod["metadata"]["annotations"] == {"example.com/bytes": "10000000", "vault.example/template": VAULT}
    assert pod["spec"]["nodeSelector"] == {"example.com/generation": "1000000"}
    assert pod["spec"]["securityContext"]["runAsUser"] == 1_000_650_000
    assert container(gateway)["args"] == ["api", "1048576"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 1_000_000
    assert of_kind(manifests, "Service")["m-gateway"]["metadata"]["annotations"] == {"example.com/idle": "3600000"}
    scaled = of_kind(manifests, "ScaledObject")["m-worker"]["spec"]
    assert scaled["cooldownPeriod"] == 1_000_000
    assert scaled["triggers"][0]["metadata"] == {"listLength": "2000000"}


def pods(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pods of deployments and jobs, and those that stand alone, by name."""
    made = {
        name: one["spec"]["template"]
        for kind in ("Deployment", "Job")
        for name, one in of_kind(manifests, kind).items()
    }
    return made | of_kind(manifests, "Pod")


def test_pull_secrets_are_names_or_as_kubernetes_writes_them(chart: Path) -> None:
    values = {
        "global": {"imagePullSecrets": [{"name": "regcred"}, "plain"]},
        "gateway": {"imagePullSecrets": [{"name": "own"}]},
    }
    for name, pod in pods(render(chart, NAMED, TOGGLES["weights"], values)).items():
        own = [{"name": "own"}] if name in {"m-gateway", "m-test-health"} else []
        assert pod["spec"]["imagePullSecrets"] == [{"name": "regcred"}, {"name": "plain"}, *own], name


@pytest.mark.parametrize("name", ["production", "scale-to-zero"])
def test_common_labels_are_on_everything_and_select_nothing(chart: Path, name: str) -> None:
    labels = {"global": {"commonLabels": {"team": "rooms", "cost": 4711, "app.kubernetes.io/name": "ours"}}}
    manifests = render(chart, NAMED, preset(name), *EVERYWHERE, labels)
    said = {"team": "rooms", "cost": "4711"}
    for manifest in manifests:
        assert said.items() <= manifest["metadata"]["labels"].items(), manifest["metadata"]["name"]
        assert manifest["metadata"]["labels"].get("app.kubernetes.io/name") != "ours"
    for pod in pods(manifests).values():
        assert said.items() <= pod["metadata"]["labels"].items()
    for deployment in of_kind(manifests, "Deployment").values():
        assert deployment["spec"]["selector"]["matchLabels"].keys() == {
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
        }


def test_pods_have_the_fields_that_kubernetes_has(chart: Path) -> None:
    fields = {
        "schedulerName": "volcano",
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["10.0.0.10"]},
        "hostAliases": [{"ip": "10.1.2.3", "hostnames": ["redis.example"]}],
    }
    values = {**fields, "minReadySeconds": 10, "lifecycle": {"postStart": {"exec": {"command": ["true"]}}}}
    deployment = of_kind(render(chart, NAMED, {"gateway": values}), "Deployment")["m-gateway"]
    kubernetes_validate.validate(deployment, KUBERNETES, strict=True)
    assert fields.items() <= deployment["spec"]["template"]["spec"].items()
    assert deployment["spec"]["minReadySeconds"] == 10
    assert container(deployment)["lifecycle"] == {
        "postStart": {"exec": {"command": ["true"]}},
        "preStop": {"exec": {"command": ["sleep", "5"]}},
    }
    own = {"gateway": {"lifecycle": {"preStop": {"sleep": {"seconds": 7}}}}}
    deployment = of_kind(render(chart, NAMED, own), "Deployment")["m-gateway"]
    assert container(deployment)["lifecycle"] == own["gateway"]["lifecycle"]


def test_a_service_may_be_a_load_balancer(chart: Path) -> None:
    said = {
        "type": "LoadBalancer",
        "loadBalancerClass": "service.k8s.aws/nlb",
        "loadBalancerSourceRanges": ["203.0.113.0/24"],
        "externalTrafficPolicy": "Local",
    }
    values = {"gateway": {"service": {**said, "annotations": {"example.com/scheme": "internal"}}}}
    service = of_kind(render(chart, NAMED, values), "Service")["m-gateway"]
    kubernetes_validate.validate(service, KUBERNETES, strict=True)
    assert said.items() <= service["spec"].items()
    assert service["metadata"]["annotations"] == {"example.com/scheme": "internal"}


def test_reloader_learns_which_secrets_are_variables(chart: Path) -> None:
    plain = of_kind(render(chart, NAMED), "Deployment")
    assert not any("annotations" in one["metadata"] for one in plain.values())
    values = {"global": {"reloader": {"enabled": True}, "webhooks": {"existingSecret": "signing"}}}
    rendered = of_kind(render(chart, NAMED, values), "Deployment")
    read = {
        name: one["metadata"].get("annotations", {}).get("secret.reloader.stakater.com/reload")
        for name, one in rendered.items()
    }
    # neither the keys nor certificates: they are files, which processes read again
    assert read == {
        "m-gateway": "redis,s3,signing",
        "m-worker": "redis,s3",
        "m-firstlook": "redis,s3",
        "m-notifier": "redis,signing",
        "m-detection": None,
        "m-controlmaps": None,
        "m-diffusion": None,
    }


@pytest.mark.parametrize("name", [name for name in PRESETS if "production" in name])
def test_production_has_two_of_everything_that_keeps_no_state(chart: Path, name: str) -> None:
    manifests = render(chart, NAMED, preset(name), {"triton": {"enabled": True}})
    budgets = of_kind(manifests, "PodDisruptionBudget")
    least = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"].get("minReplicaCount", one["spec"].get("minReplicas"))
        for kind in ("ScaledObject", "HorizontalPodAutoscaler")
        for one in of_kind(manifests, kind).values()
    }
    deployments = of_kind(manifests, "Deployment")
    assert len(deployments) == (7 if name == "t4-production" else 8), "diffusion stands in the worker's pods, or alone"
    for deployment_name, deployment in deployments.items():
        assert deployment["spec"].get("replicas", least.get(deployment_name)) >= 2, deployment_name
        assert deployment_name in budgets
        keys = [one["topologyKey"] for one in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
