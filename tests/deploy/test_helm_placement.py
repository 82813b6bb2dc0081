"""Components that stand in another one's pods: a worker's own diffusion, and the lite engines that make first looks."""

import re
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest

from servicekit.jobstore.redis.connection import Keys
from tests.deploy.charts import APART, NAMED, container, environment, of_kind, preset, render
from tests.deploy.test_helm_chart import KUBERNETES, TOGGLES, restricted

ALL: dict[str, Any] = {"worker": {"beside": ["detection", "controlmaps", "diffusion"]}}
SLEEPY = {
    "gateway": {"env": {"MODOMO_GATEWAY_MAY_SLEEP": "detection,controlmaps,diffusion"}},
    "worker": {"autoscaling": {"min": 0}},
}


def pods(chart: Path, name: str, *values: dict[str, Any]) -> dict[str, Any]:
    """The pods of a deployment, as Kubernetes takes them."""
    deployment = of_kind(render(chart, NAMED, *values), "Deployment")[name]
    kubernetes_validate.validate(deployment, KUBERNETES, strict=True)
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    restricted(spec)
    for one in spec["initContainers"]:
        volumes = {volume["name"] for volume in spec["volumes"]}
        assert {mount["name"] for mount in one["volumeMounts"]} <= volumes
    ports = [port for one in (*spec["containers"], *spec["initContainers"]) for port in one.get("ports", ())]
    for key in ("name", "containerPort"):
        assert len({port[key] for port in ports}) == len(ports), "containers of a pod share its network"
    return spec


def variables(one: dict[str, Any]) -> dict[str, str]:
    """Of a container."""
    return {entry["name"]: entry.get("value", "") for entry in one["env"]}


def test_a_worker_calls_its_own_diffusion_over_loopback_and_takes_one_job_at_a_time(chart: Path) -> None:
    manifests = render(chart, NAMED, preset("t4"))
    assert "m-diffusion" not in of_kind(manifests, "Deployment") | of_kind(manifests, "ScaledObject")
    spec = pods(chart, "m-worker", preset("t4"))
    (diffusion,) = spec["initContainers"]
    assert (diffusion["name"], diffusion["restartPolicy"]) == ("diffusion", "Always"), "there before, and ends after it"
    assert diffusion["image"].endswith("-torch")
    assert diffusion["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert diffusion["startupProbe"]["failureThreshold"] * diffusion["startupProbe"]["periodSeconds"] == 600
    assert "lifecycle" not in diffusion
    own = environment(of_kind(manifests, "Deployment")["m-worker"])
    assert own["MODOMO_DIFFUSION_ADDRESS"] == "127.0.0.1:50053"
    assert (own["MODOMO_WORKER_BESIDE"], own["MODOMO_WORKER_PARALLEL_JOBS"]) == ("diffusion", "1")
    assert own["MODOMO_DETECTION_ADDRESS"] == "dns:///m-detection:50051"
    assert variables(diffusion)["MODOMO_DIFFUSION_METRICS_PORT"] == "9091"
    assert [one["key"] for one in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_pods_that_pull_follow_the_length_of_the_queue_alone(chart: Path) -> None:
    scaled = of_kind(render(chart, NAMED, preset("scale-to-zero")), "ScaledObject")["m-worker"]["spec"]
    (trigger,) = scaled["triggers"]
    assert (trigger["type"], trigger["metadata"]["listName"]) == ("redis", Keys("modomo").deadlines)
    assert trigger["metadata"]["listLength"] == "1"
    assert scaled["minReplicaCount"] == 0
    apart = of_kind(render(chart, NAMED, preset("t4"), APART), "ScaledObject")["m-worker"]["spec"]
    assert apart["triggers"][0]["metadata"]["listLength"] == "4"


def test_the_gateway_finds_diffusion_in_the_worker_s_pods(chart: Path) -> None:
    manifests = render(chart, NAMED, preset("t4"), TOGGLES["monitors"])
    service = of_kind(manifests, "Service")["m-diffusion"]["spec"]
    labels = of_kind(manifests, "Deployment")["m-worker"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    assert service["ports"][0]["targetPort"] == "diffusion"
    policy = of_kind(manifests, "NetworkPolicy")["m-worker"]["spec"]
    assert [rule for rule in policy["ingress"] if {"port": 50053} in rule["ports"]]
    called = [peer for rule in policy["egress"] for peer in rule.get("to", ()) if "podSelector" in peer]
    assert "diffusion" not in str(called), "it is called over loopback"
    assert "m-diffusion" not in of_kind(manifests, "NetworkPolicy")
    endpoints = of_kind(manifests, "PodMonitor")["m-worker"]["spec"]["podMetricsEndpoints"]
    assert [one["port"] for one in endpoints] == ["metrics", "m-diffusion"]


def test_all_models_may_share_the_gpu_of_a_pod(chart: Path) -> None:
    spec = pods(chart, "m-worker", preset("t4-shared"), {"diffusion": {"weights": {"verify": True}}})
    assert [one["name"] for one in spec["initContainers"]] == [
        *("detection", "controlmaps", "diffusion-weights", "diffusion"),
    ]
    claims = [{"name": "card", "resourceClaimTemplateName": "t4"}]
    shared = {name: {"resourceClaims": claims} for name in ALL["worker"]["beside"]}
    spec = pods(chart, "m-worker", preset("t4"), ALL, shared)
    assert spec["resourceClaims"] == claims
    shared_by_time = pods(chart, "m-worker", preset("t4-shared"))["initContainers"]
    assert [one["resources"]["limits"]["nvidia.com/gpu.shared"] for one in shared_by_time] == [1, 1, 1]
    gib = [int(one["resources"]["requests"]["memory"].removesuffix("Gi")) for one in shared_by_time]
    assert sum(gib) < 14, "of a node with 16"
    assert all(one["resources"]["claims"] == [{"name": "card"}] for one in spec["initContainers"])
    assert "claims" not in spec["containers"][0]["resources"]


def test_what_is_said_of_diffusions_pods_is_said_of_those_that_it_is_in(chart: Path) -> None:
    said = {
        "priorityClassName": "gpu-first",
        "schedulerName": "volcano",
        "runtimeClassName": "nvidia",
        "nodeSelector": {"pool": "t4"},
        "podAnnotations": {"example.com/team": "rooms"},
        "strategy": {},
    }
    deployment = of_kind(render(chart, NAMED, preset("t4"), {"diffusion": said}), "Deployment")["m-worker"]
    pod = deployment["spec"]["template"]
    names = ("priorityClassName", "schedulerName", "runtimeClassName", "nodeSelector")
    assert {name: pod["spec"][name] for name in names} == {name: said[name] for name in names}
    assert pod["metadata"]["annotations"] == said["podAnnotations"]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert deployment["spec"]["progressDeadlineSeconds"] >= 600 + 600, "its models load before the worker begins"


@pytest.mark.parametrize("toggle", ["tls", "login"])
def test_certificates_and_logins_are_those_of_every_container(chart: Path, toggle: str) -> None:
    spec = pods(chart, "m-worker", preset("t4"), TOGGLES[toggle])
    if toggle == "tls":
        (diffusion,) = spec["initContainers"]
        assert (
            variables(diffusion)["MODOMO_DIFFUSION_HEALTH_PORT"]
            == "50061"
            == str(diffusion["readinessProbe"]["grpc"]["port"])
        )


@pytest.mark.parametrize("name", ["defaults", "t4", "triton"])
def test_first_looks_are_made_by_lite_engines_whatever_the_others_run(chart: Path, name: str) -> None:
    spec = pods(chart, "m-firstlook", preset(name))
    assert [one["name"] for one in spec["initContainers"]] == ["detection", "controlmaps", "diffusion"]
    own = variables(spec["containers"][0])
    for one in spec["initContainers"]:
        service = one["name"].upper()
        assert one["image"].endswith("-lite")
        assert variables(one)[f"MODOMO_{service}_ENGINE"] == "lite"
        assert own[f"MODOMO_{service}_ADDRESS"].startswith("127.0.0.1:")
        assert not [resource for resource in one["resources"]["limits"] if "gpu" in resource]
        assert {mount["name"] for mount in one["volumeMounts"]} == {f"{one['name']}-tmp"}
    assert container(of_kind(render(chart, NAMED, preset(name)), "Deployment")["m-firstlook"])["args"] == ["firstlook"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"worker": {"beside": []}}, "worker.beside is empty"),
        ({"diffusion": {"enabled": False}}, "worker.beside names diffusion, but diffusion.enabled is false"),
        ({"diffusion": {"env": {"MODOMO_DIFFUSION_ENGINE": "modal"}, "gpu": {"count": 0}}}, "ENGINE is modal"),
        (ALL, "worker.beside names detection and controlmaps, each of which would hold a GPU"),
        ({"worker": {"autoscaling": {"kind": "hpa"}}}, "worker.autoscaling.kind is hpa"),
        ({"worker": {"autoscaling": {"min": 0}}}, "MODOMO_GATEWAY_MAY_SLEEP does not name diffusion"),
        ({**SLEEPY, "firstlook": {"enabled": False}}, "firstlook.enabled is false"),
        ({"gateway": {"placement": "sidecar"}}, "gateway.placement is sidecar, which is for the worker alone"),
        ({"worker": {"placement": "beside"}}, "'apart', 'sidecar'"),
        ({"worker": {"beside": ["notifier"]}}, "beside"),
        (
            {**SLEEPY, "diffusion": {"nodeSelector": {"nvidia.com/gpu.product": "Tesla-T4"}}},
            "worker.autoscaling.min is 0: no node would be started",
        ),
    ],
)
def test_a_placement_that_cannot_work_is_refused_with_the_value_that_mends_it(
    chart: Path, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(helm_python.HelmError, match=re.escape(named)):
        render(chart, NAMED, preset("t4"), values)
