"""The Protocol between a pull and the source of files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from servicekit.weights.manifest import Entry


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """What a source says of a file."""

    size: int | None = None
    """Bytes; None where the source does not say."""

    sha256: str | None = None
    """Hexadecimal; None where the source does not say."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A repository at one commit."""

    commit: str | None
    """None where the source knows no commits."""

    files: Mapping[str, RemoteFile]
    """Every file, by its path in the repository."""


class Source(Protocol):
    """Where weights come from."""

    def snapshot(self, entry: Entry, *, commit: str | None) -> Snapshot:
        """What there is at `commit`, or at the entry's revision where that is None.

        Raises WeightsError where the repository, the revision or the source itself cannot be found.
        """

    def fetch(self, entry: Entry, snapshot: Snapshot, filename: str, partial: Path) -> None:
        """Completes `partial`, which may hold the beginning of the file from an earlier try; shows progress.

        Raises WeightsError where the transfer breaks off; what arrived so far stays for the next try.
        """
