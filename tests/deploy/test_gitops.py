"""Argo CD and Flux: the examples render, and a chart that is rendered twice gives the same bytes."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.deploy.charts import NAMED, PRESETS, TRY, files, of_kind, preset, render
from tools.release import versions
from tools.release.charts import CHARTS

FOLDER: Final = CHARTS.parent / "gitops"


def documents(name: str) -> list[dict[str, Any]]:
    """The objects of an example."""
    return [*yaml.safe_load_all((FOLDER / name).read_text())]


def argo() -> tuple[str, str, list[str], dict[str, Any]]:
    """Chart, version, values files and values that Argo CD is told."""
    (application,) = documents("argocd.yaml")
    source = application["spec"]["source"]
    return source["chart"], source["targetRevision"], source["helm"]["valueFiles"], source["helm"]["valuesObject"]


def flux() -> tuple[str, str, list[str], dict[str, Any]]:
    """The same of Flux, which wants the chart's own values named among the files."""
    repository, release = documents("flux.yaml")
    spec = release["spec"]["chart"]["spec"]
    assert spec["sourceRef"] == {"kind": repository["kind"], "name": repository["metadata"]["name"]}
    own, *others = spec["valuesFiles"]
    assert own == "values.yaml"
    return spec["chart"], spec["version"], others, release["spec"]["values"]


@pytest.mark.parametrize("example", [argo, flux])
def test_an_example_installs_this_version_of_the_chart(chart: Path, example: Any) -> None:
    name, version, presets, values = example()
    assert (name, version) == ("modomo", versions.current())
    layers = [yaml.safe_load((chart / file).read_text()) for file in presets]
    manifests = render(chart, *layers, values)
    assert len(of_kind(manifests, "Deployment")) == 6
    assert of_kind(manifests, "HTTPRoute")
    assert not of_kind(manifests, "Secret"), "what is in git is no secret"


def test_the_examples_say_the_same() -> None:
    assert argo() == flux()


@pytest.mark.parametrize("name", [*PRESETS, "try"])
def test_rendering_twice_gives_the_same_bytes(chart: Path, name: str) -> None:
    layers = (preset("try"), TRY) if name == "try" else (NAMED, preset(name), {"weightsClaim": {"create": True}})
    assert files(chart, *layers) == files(chart, *layers)


def test_hooks_are_those_of_helm_test_alone(chart: Path) -> None:
    """Argo CD runs hooks of installs and upgrades with every sync."""
    for manifest in render(chart, NAMED, preset("t4-production"), {"weightsClaim": {"create": True}}):
        hook = manifest["metadata"].get("annotations", {}).get("helm.sh/hook", "test")
        assert hook == "test"
