"""The lock: what was pulled, to the byte."""

import os
from collections.abc import Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Final

import msgspec

from servicekit.weights.errors import WeightsError

LOCK_NAME: Final = "weights.lock"
KNOWN_NAME: Final = "known.lock"
"""The lock that comes with this package: files whose bytes were known before anybody pulled them."""


class LockedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file as it was pulled first."""

    size: int
    """Bytes."""

    sha256: str
    """64 hexadecimal digits."""


class LockedModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as it was pulled first."""

    repository: str
    """Repository id."""

    revision: str
    """What the manifest asked for."""

    commit: str | None
    """What that was on the first pull; None where only a plain directory was at hand."""

    files: Mapping[str, LockedFile]
    """By path in the repository."""


class Lock:
    """A lock file; one that does not exist is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """Where it lies."""

    def read(self) -> dict[str, LockedModel]:
        """Models by name; raises WeightsError where the file is not a lock."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, LockedModel])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise WeightsError(f"{self.path} is not a lock of weights: {error}") from error

    def record(self, name: str, model: LockedModel) -> None:
        """Writes one model beside the others, all or nothing."""
        models = {**self.read(), name: model}
        text = msgspec.json.format(msgspec.json.encode(dict(sorted(models.items()))), indent=2)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        draft.write_bytes(text + b"\n")
        draft.replace(self.path)


def shipped() -> dict[str, LockedModel]:
    """The package's own lock. It names the files that are known, which need not be all of a model's."""
    text = package_files("servicekit.weights").joinpath(KNOWN_NAME).read_bytes()
    return msgspec.json.decode(text, type=dict[str, LockedModel])
