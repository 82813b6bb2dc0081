"""The manifest: every model that any service can use."""

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Literal, Self

import msgspec

from servicekit.weights.errors import WeightsError


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of the manifest."""

    name: str
    """Ours, and the directory in the store."""

    repository: str
    """Repository id on the Hugging Face Hub or a mirror of it."""

    revision: str
    """Branch or tag to resolve on the first pull; the lock then holds the commit."""

    files: tuple[str, ...]
    """Paths in the repository, `*` and `?` allowed; each has to match something."""

    licence: str
    """SPDX identifier, or the name under which the licence is published."""

    commercial: bool
    """Whether that licence lets a business use the model."""

    service: Literal["detection", "controlmaps", "diffusion"]
    """The service that loads it."""

    purpose: str
    """One line for people."""

    default: bool = True
    """Whether a pull that names nothing gets it."""

    pickle: Literal["", "ultralytics"] = ""
    """The restricted loader of the one pickle format that is accepted; empty accepts none."""


class Manifest:
    """Models by name."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    @classmethod
    def shipped(cls) -> Self:
        """The manifest that comes with this package."""
        return cls._parse(package_files("servicekit.weights").joinpath("manifest.toml").read_text("utf-8"), "manifest")

    @classmethod
    def read(cls, path: Path) -> Self:
        """A manifest from a file; raises WeightsError naming what is wrong in it."""
        return cls._parse(path.read_text("utf-8"), str(path))

    @classmethod
    def _parse(cls, text: str, source: str) -> Self:
        try:
            tables = tomllib.loads(text)
            return cls([msgspec.convert({"name": name, **table}, Entry) for name, table in tables.items()])
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, TypeError) as error:
            raise WeightsError(f"{source}: {error}") from error

    def __getitem__(self, name: str) -> Entry:
        """Raises WeightsError with the names that there are."""
        if name not in self._entries:
            raise WeightsError(f"no model is named {name!r}; there are {', '.join(sorted(self._entries))}")
        return self._entries[name]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())
