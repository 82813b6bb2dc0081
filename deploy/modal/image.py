"""The image of the containers: our packages as the Dockerfiles install them, held to the hashes of the same locks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import modal

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = "/src"
LOCKS: Final = ("pyproject.toml", "requirements.lock", "requirements.build.lock", "requirements.overrides")
SHARED: Final = ("protos", "services/_servicekit", "services/_roomnet")
IGNORED: Final = ("**/tests", "**/__pycache__")
UV: Final = "0.13.9"
OPTIONS: Final = " ".join(
    [
        f"--build-constraints {SOURCE}/requirements.build.lock",
        f"--build-constraints {SOURCE}/requirements.lock",  # SAM 2 is built beside the torch that it will run on
        f"--constraints {SOURCE}/requirements.lock",
        f"--overrides {SOURCE}/requirements.overrides",
    ]
)


def requirements(services: Sequence[str]) -> list[str]:
    """What is installed: each service's package with its real models. The client of Modal comes with Modal."""
    return [f"{SOURCE}/services/{service}[torch,modal]" for service in services]


def sources(services: Sequence[str]) -> list[str]:
    """The folders that are copied, from the repository's root."""
    return [*SHARED, *(f"services/{service}" for service in services)]


def build(services: Sequence[str], variables: Mapping[str, str]) -> modal.Image:
    """The definition; Modal builds it when the app is deployed, and again where what it is made of has changed."""
    image = modal.Image.debian_slim(python_version="3.11")
    for name in LOCKS:
        image = image.add_local_file(ROOT / name, f"{SOURCE}/{name}", copy=True)
    for folder in sources(services):
        image = image.add_local_dir(ROOT / folder, f"{SOURCE}/{folder}", copy=True, ignore=list(IGNORED))
    return image.uv_pip_install(*requirements(services), extra_options=OPTIONS, uv_version=UV).env(dict(variables))
