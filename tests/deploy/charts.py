"""The umbrella chart, built and rendered by Helm's own engine."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import helm_python
import yaml

from tools.release.charts import CHARTS

NAMED: Final[dict[str, Any]] = {
    "global": {
        "redis": {"existingSecret": "redis", "address": "redis.example:6379", "database": 3},
        "s3": {"bucket": "rooms", "existingSecret": "s3"},
        "apiKeys": {"existingSecret": "keys"},
        "prometheus": {"address": "http://prometheus.example:9090"},
    }
}
"""What an operator has to say: where Redis and the bucket are, who may come in, and where KEDA looks."""

TRY: Final[dict[str, Any]] = {"global": {"try": {"password": "0123456789abcdef0123456789abcdef"}}}
"""What a try-out asks for beside values-try.yaml."""

PRESETS: Final[dict[str, tuple[str, ...]]] = {
    "defaults": (),
    "cpu": ("cpu",),
    "t4": ("t4",),
    "t4-shared": ("t4", "t4-shared"),
    "triton": ("triton",),
    "production": ("production",),
    "t4-production": ("t4", "production"),
    "scale-to-zero": ("t4", "scale-to-zero"),
    "spot": ("t4", "spot"),
}
"""The files `values-<name>.yaml`, alone and as they are laid over one another."""


APART: Final[dict[str, Any]] = {"worker": {"placement": "apart"}}
"""Every component in pods of its own, as the T4 presets have it not."""


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Values laid over one another, as `--values a --values b` does."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def preset(name: str) -> dict[str, Any]:
    """The values of one of PRESETS, or of one file `values-<name>.yaml`."""
    paths = (CHARTS / "modomo" / f"values-{part}.yaml" for part in PRESETS.get(name, (name,)))
    return merged(*(yaml.safe_load(path.read_text()) for path in paths))


def files(chart: Path, *layers: Mapping[str, Any]) -> dict[str, str]:
    """Every file that a release named `m` is rendered to, the notes included."""
    with helm_python.Chart.load(chart) as loaded:
        rendered: dict[str, str] = loaded.render(merged(*layers), name="m", namespace="rooms")
    return rendered


def render(chart: Path, *layers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All manifests for a release named `m`."""
    documents = (yaml.safe_load_all(text) for name, text in files(chart, *layers).items() if name.endswith(".yaml"))
    return [document for file in documents for document in file if document]


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Manifests of one kind by name."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def container(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The one container of a deployment."""
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    result: dict[str, Any] = only
    return result


def environment(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a deployment's container by name; where one comes from a secret, the reference."""
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container(deployment)["env"]}
