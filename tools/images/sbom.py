"""A bill of materials of an image, in CycloneDX 1.6 (ECMA-424)."""

import json
from pathlib import Path
from typing import Any, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

PROGRAM: Final = (Path(__file__).parent / "contents.py").read_text()
"""What an image's Python runs to tell its contents."""


def bill(reference: str, contents: str) -> str:
    """The bill as JSON for what `PROGRAM` printed in the image; raises ValueError where that is something else."""
    name, _colon, version = reference.rpartition(":")
    bom = Bom()
    bom.metadata.component = Component(type=ComponentType.CONTAINER, name=name, version=version, bom_ref=reference)
    try:
        found = json.loads(contents)
        for one in found["python"]:
            bom.components.add(_python(one))
        for one in found["debian"]:
            bom.components.add(_debian(one))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{reference} did not tell its contents: {contents[:200]!r}") from error
    bom.register_dependency(bom.metadata.component, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)


def _python(one: dict[str, Any]) -> Component:
    url = PackageURL("pypi", name=one["name"].lower().replace("_", "-"), version=one["version"])
    licences = [LicenseFactory().make_from_string(one["licence"])] if one["licence"] else []
    return Component(
        type=ComponentType.LIBRARY,
        name=one["name"],
        version=one["version"],
        purl=url,
        bom_ref=str(url),
        licenses=licences,
    )


def _debian(one: dict[str, Any]) -> Component:
    qualifiers = {"arch": one["architecture"]}
    url = PackageURL("deb", "debian", one["package"], one["version"], qualifiers)
    return Component(
        type=ComponentType.LIBRARY, name=one["package"], version=one["version"], purl=url, bom_ref=str(url)
    )
