"""Where the models' weights come from: a claim, an image, an init container, or a Job that fills a claim."""

from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest

from tests.deploy.charts import APART, NAMED, container, environment, of_kind, preset, render
from tests.deploy.test_helm_chart import KUBERNETES, restricted

CLAIM = {"weightsClaim": {"create": True, "storageClassName": "nfs"}}


@pytest.mark.parametrize(
    ("weights", "volume"),
    [
        ({"source": "claim", "claim": "w"}, {"persistentVolumeClaim": {"claimName": "w", "readOnly": True}}),
        ({"source": "image", "image": "r/w:1"}, {"image": {"reference": "r/w:1", "pullPolicy": "IfNotPresent"}}),
        ({"source": "pull", "service": "diffusion"}, {"emptyDir": {"sizeLimit": "20Gi"}}),
    ],
)
def test_weights_come_from_a_claim_an_image_or_an_init_container(
    chart: Path, weights: dict[str, Any], volume: dict[str, Any]
) -> None:
    values = {"diffusion": {"weights": weights, "env": {"MODOMO_DIFFUSION_ENGINE": "torch"}}}
    manifests = render(chart, NAMED, values)
    deployment = of_kind(manifests, "Deployment")["m-diffusion"]
    kubernetes_validate.validate(deployment, KUBERNETES, strict=True)
    spec = deployment["spec"]["template"]["spec"]
    restricted(spec)
    assert {"name": "weights", **volume} in spec["volumes"]
    assert {"name": "weights", "mountPath": "/weights", "readOnly": True} in container(deployment)["volumeMounts"]
    assert environment(deployment)["MODOMO_WEIGHTS"] == "/weights"
    pulling = spec.get("initContainers", [])
    assert len(pulling) == (weights["source"] == "pull")
    for one in pulling:
        assert one["command"][1:] == ["-m", "servicekit.weights", "pull", "--service", "diffusion"]


def test_a_job_fills_the_claim_of_the_preset_and_compares_every_byte_with_the_lock(chart: Path) -> None:
    env = [{"name": "HF_ENDPOINT", "value": "https://mirror.example"}]
    manifests = render(chart, NAMED, preset("t4"), APART, CLAIM, {"weightsClaim": {"env": env}})
    (claim,) = of_kind(manifests, "PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["storageClassName"] == "nfs"
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    (job,) = of_kind(manifests, "Job").values()
    spec = job["spec"]["template"]["spec"]
    assert [one["command"][3:] for one in spec["initContainers"]] == [
        ["pull", "--service", service] for service in ("detection", "controlmaps", "diffusion")
    ]
    assert all(env[0] in one["env"] for one in spec["initContainers"])
    (last,) = spec["containers"]
    assert last["command"][2:] == ["servicekit.weights", "verify"]
    (volume,) = [one for one in spec["volumes"] if one["name"] == "weights"]
    assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}  # to be written
    mounted = of_kind(manifests, "Deployment")["m-diffusion"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "weights", "persistentVolumeClaim": {"claimName": "modomo-weights", "readOnly": True}} in mounted


def test_the_job_may_call_the_internet_and_nobody_else(chart: Path) -> None:
    manifests = render(chart, NAMED, preset("t4"), CLAIM)
    (job,) = of_kind(manifests, "Job").values()
    policy = of_kind(manifests, "NetworkPolicy")["m-weights"]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= job["spec"]["template"]["metadata"]["labels"].items()
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 443]
    assert policy["ingress"] == []


@pytest.mark.slow
def test_a_job_with_another_image_has_another_name_since_jobs_cannot_be_changed(chart: Path) -> None:
    def name(*values: dict[str, Any]) -> str:
        (only,) = of_kind(render(chart, NAMED, preset("t4"), CLAIM, *values), "Job")
        return str(only)

    assert name() == name({"detection": {"replicas": 4}})
    assert name() != name({"detection": {"image": {"tag": "0.9.0"}}})


def test_an_init_container_checks_a_claim_where_it_is_asked_to(chart: Path) -> None:
    def containers(verify: bool) -> list[dict[str, Any]]:
        values = {"diffusion": {"weights": {"verify": verify}}}
        deployment = of_kind(render(chart, NAMED, preset("t4"), APART, values), "Deployment")["m-diffusion"]
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)
        return list(deployment["spec"]["template"]["spec"].get("initContainers", []))

    assert not containers(False)
    (one,) = containers(True)
    assert one["command"] == ["python", "-m", "servicekit.weights", "verify"]
    assert {"name": "weights", "mountPath": "/weights"} in one["volumeMounts"]


def test_access_modes_and_services_that_cannot_be_are_refused(chart: Path) -> None:
    for values, named in (
        ({"weightsClaim": {"accessModes": ["ReadOnlyMany"]}}, "accessModes"),
        ({"weightsClaim": {"services": ["triton"]}}, "services"),
        ({"detection": {"enabled": False}}, "weightsClaim.services names detection"),
    ):
        with pytest.raises(helm_python.HelmError, match=named):
            render(chart, NAMED, preset("t4"), CLAIM, values)
