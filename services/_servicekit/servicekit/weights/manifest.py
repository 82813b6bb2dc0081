"""The manifest: every model that any service can use."""

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Literal, Self, TypeAlias

import msgspec

from servicekit.weights.errors import WeightsError

Tier: TypeAlias = Literal["default", "cpu"]
"""`default` is for a machine with a GPU, `cpu` for one without."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of the manifest."""

    name: str
    """Ours, and the directory in the store."""

    repository: str
    """Repository id on the Hugging Face Hub or a mirror of it; with an address, whose files they are."""

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

    tiers: tuple[Tier, ...] = ()
    """Pulls of models that are not named take it; empty for one that is got by its name alone."""

    address: str = ""
    """URL of the directory that holds the files of a release, with its last slash; empty for one on the Hub."""

    pickle: Literal["", "ultralytics", "tensors"] = ""
    """The restricted loader that its pickles go through; empty accepts none."""

    def __post_init__(self) -> None:
        """Raises ValueError for an address that names no directory, or that patterns cannot be resolved at."""
        if not self.address:
            return
        if not self.address.startswith(("https://", "http://127.0.0.1:")) or not self.address.endswith("/"):
            raise ValueError("address must be a directory's URL with https:// and a slash at its end")
        if any(set(name) & set("*?[") for name in self.files):
            raise ValueError("files at an address are named without patterns")


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
