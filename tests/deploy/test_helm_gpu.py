"""GPUs: rollouts that need no spare one, parts of one, claims, nodes that are started for a pod, and what cannot be."""

import re
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from tests.deploy.charts import APART, NAMED, PRESETS, container, of_kind, preset, render
from tests.deploy.test_helm_chart import KUBERNETES

MIG = "nvidia.com/mig-1g.10gb"
CLAIMS = [{"name": "card", "resourceClaimTemplateName": "t4"}]
ZERO = {"kind": "keda", "min": 0, "max": 10}
DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "gpu-nodes.md"


def deployment(chart: Path, name: str, *values: dict[str, Any]) -> dict[str, Any]:
    """One deployment, as Kubernetes takes it."""
    rendered = of_kind(render(chart, NAMED, *values), "Deployment")[name]
    kubernetes_validate.validate(rendered, KUBERNETES, strict=True)
    return rendered


def devices(rendered: dict[str, Any]) -> dict[str, int]:
    """The devices that a deployment's containers ask for, the same in requests and limits."""
    containers = (container(rendered), *rendered["spec"]["template"]["spec"].get("initContainers", ()))
    both = [
        {name: count for one in containers for name, count in one["resources"].get(kind, {}).items() if "/" in name}
        for kind in ("requests", "limits")
    ]
    assert both[0] == both[1]
    return both[0]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.slow
def test_a_rollout_never_waits_for_a_gpu_that_nobody_has(chart: Path, name: str) -> None:
    for rendered in of_kind(render(chart, NAMED, preset(name)), "Deployment").values():
        update = rendered["spec"]["strategy"]["rollingUpdate"]
        assert update == (
            {"maxSurge": 0, "maxUnavailable": 1} if devices(rendered) else {"maxSurge": 1, "maxUnavailable": 0}
        )


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.slow
def test_a_rollout_fails_later_than_models_need_to_start(chart: Path, name: str) -> None:
    for rendered in of_kind(render(chart, NAMED, preset(name)), "Deployment").values():
        probe = container(rendered)["startupProbe"]
        starting = probe["periodSeconds"] * probe["failureThreshold"]
        grace = rendered["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert rendered["spec"]["progressDeadlineSeconds"] >= starting + grace + 600


def test_weights_that_are_pulled_have_time_to_arrive(chart: Path) -> None:
    def deadline(weights: dict[str, str]) -> int:
        rendered = deployment(chart, "m-diffusion", preset("t4"), APART, {"diffusion": {"weights": weights}})
        return int(rendered["spec"]["progressDeadlineSeconds"])

    assert deadline({"source": "pull", "service": "diffusion"}) == deadline({}) + 1800


def test_recreate_has_no_rolling_update(chart: Path) -> None:
    recreate = {"diffusion": {"strategy": {"type": "Recreate"}}}
    old = {"diffusion": {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}}
    for values in (recreate, old):
        assert deployment(chart, "m-diffusion", values)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_spare_gpu_can_be_used(chart: Path) -> None:
    spare = {"diffusion": {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}}
    rendered = deployment(chart, "m-diffusion", preset("t4"), APART, spare)
    assert rendered["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize(
    "values",
    [
        {"gpu": {"resource": MIG}},
        {"resources": {"limits": {MIG: 1}, "requests": {MIG: 1}}},
    ],
)
def test_a_part_of_a_gpu_takes_the_place_of_a_whole_one(chart: Path, values: dict[str, Any]) -> None:
    assert devices(deployment(chart, "m-diffusion", preset("t4"), APART)) == {"nvidia.com/gpu": 1}
    assert devices(deployment(chart, "m-diffusion", preset("t4"), APART, {"diffusion": values})) == {MIG: 1}


def test_a_claim_takes_the_place_of_a_gpu_and_counts_as_one(chart: Path) -> None:
    rendered = deployment(chart, "m-diffusion", preset("t4"), APART, {"diffusion": {"resourceClaims": CLAIMS}})
    assert devices(rendered) == {}
    assert container(rendered)["resources"]["claims"] == [{"name": "card"}]
    assert rendered["spec"]["template"]["spec"]["resourceClaims"] == CLAIMS
    assert rendered["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


@pytest.mark.parametrize("example", re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))
@pytest.mark.slow
def test_the_examples_of_the_page_are_taken_by_the_chart_and_by_kubernetes(chart: Path, example: str) -> None:
    for manifest in render(chart, NAMED, preset("t4"), yaml.safe_load(example)):
        if manifest["kind"] in {"Deployment", "ResourceClaimTemplate"}:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.slow
def test_nodes_that_are_started_for_a_pod_are_found_by_what_they_have_before(chart: Path, name: str) -> None:
    for rendered in of_kind(render(chart, NAMED, preset(name)), "Deployment").values():
        selected = rendered["spec"]["template"]["spec"].get("nodeSelector", {})
        assert [label for label in selected if label.startswith(("nvidia.com/", "feature.node"))] == []


def test_spot_pods_end_before_their_node_does(chart: Path) -> None:
    for name in ("m-detection", "m-controlmaps", "m-worker"):
        spec = deployment(chart, name, preset("spot"))["spec"]["template"]["spec"]
        assert spec["terminationGracePeriodSeconds"] <= 25
        assert {"nvidia.com/gpu", "cloud.google.com/gke-spot"} <= {one["key"] for one in spec["tolerations"]}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (
            {"gpu": {"count": 1}, "env": {"MODOMO_DIFFUSION_ENGINE": "lite"}},
            "diffusion.env.MODOMO_DIFFUSION_ENGINE is lite",
        ),
        ({"env": {"MODOMO_DIFFUSION_DEVICE": "cpu"}}, "diffusion.env.MODOMO_DIFFUSION_DEVICE is cpu"),
        ({"gpu": {"count": 0}}, "set diffusion.gpu.count"),
        ({"gpu": {"resource": "nvidia.com/mig-1g.5gb"}}, "diffusion.gpu.resource asks for 1g.5gb"),
        ({"gpu": {"resource": "nvidia.com/mig-1g.6gb"}}, "diffusion.gpu.resource asks for 1g.6gb"),
        ({"resources": {"limits": {"nvidia.com/mig-1g.5gb": 1}}}, "diffusion.resources asks for 1g.5gb"),
        (
            {"nodeSelector": {"cloud.google.com/gke-gpu-partition-size": "1g.5gb"}},
            "diffusion.nodeSelector asks for 1g.5gb",
        ),
        ({"resources": {"limits": {"nvidia.com/gpu": 1, MIG: 1}}}, "diffusion.resources name"),
        ({"resources": {"limits": {MIG: 1}}, "resourceClaims": CLAIMS}, "diffusion.resourceClaims stands beside"),
        (
            {"autoscaling": ZERO, "nodeSelector": {"nvidia.com/gpu.product": "Tesla-T4"}},
            "diffusion.nodeSelector has nvidia",
        ),
        (
            {
                "autoscaling": ZERO,
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "nvidia.com/gpu.memory", "operator": "Exists"}]}
                            ]
                        }
                    }
                },
            },
            "diffusion.affinity requires nvidia.com/gpu.memory",
        ),
    ],
)
def test_what_cannot_work_on_a_gpu_is_refused_in_one_line(chart: Path, values: dict[str, Any], named: str) -> None:
    sleepy = {"gateway": {"env": {"MODOMO_GATEWAY_MAY_SLEEP": "diffusion"}}}
    with pytest.raises(helm_python.HelmError, match=re.escape(named)):
        render(chart, NAMED, preset("t4"), APART, sleepy, {"diffusion": values})


def test_fewer_models_fit_into_a_smaller_part(chart: Path) -> None:
    small = {"gpu": {"resource": "nvidia.com/mig-1g.5gb"}, "env": {"MODOMO_DIFFUSION_CONTROLNETS": "depth,inpaint"}}
    assert devices(deployment(chart, "m-diffusion", preset("t4"), APART, {"diffusion": small})) == {
        "nvidia.com/mig-1g.5gb": 1
    }


def test_the_least_memory_is_more_than_the_weights_that_were_counted(chart: Path) -> None:
    """The limits stand in checks-gpu.yaml; docs/memory.md says what the weights of each service take."""
    weights = {
        name: int(mib.replace(",", ""))
        for name, mib in re.findall(
            r"^\| \*\*(\w+)\*\* .* ([\d,]+) MiB \|$", (DOCS / "memory.md").read_text(), re.MULTILINE
        )
    }
    for name in ("detection", "controlmaps", "diffusion"):
        tiny = {name: {"gpu": {"resource": "nvidia.com/mig-1g.1gb"}}}
        with pytest.raises(helm_python.HelmError, match=rf"{name} needs \d+") as refused:
            render(chart, NAMED, preset("t4"), tiny)
        (need,) = re.findall(rf"{name} needs (\d+)", str(refused.value))
        assert weights[name] + 1000 <= int(need) <= weights[name] + 2000
        assert re.search(rf"^\| {name}.* {int(need):,} \|", PAGE.read_text(), re.MULTILINE)
