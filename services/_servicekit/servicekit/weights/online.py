"""Every source that is on a network, behind one."""

from pathlib import Path

from servicekit.weights.hub import HubSource
from servicekit.weights.manifest import Entry
from servicekit.weights.release import ReleaseSource
from servicekit.weights.source import Snapshot, Source


class OnlineSource:
    """The Hub for what lies there, the address of a release for what has one."""

    def __init__(self, endpoint: str | None = None) -> None:
        """`endpoint` is the Hub's, None for the one of the environment."""
        self._hub = HubSource(endpoint)
        self._releases = ReleaseSource()

    def snapshot(self, entry: Entry, *, commit: str | None) -> Snapshot:
        """What there is, where the entry says that it is."""
        return self._of(entry).snapshot(entry, commit=commit)

    def fetch(self, entry: Entry, snapshot: Snapshot, filename: str, partial: Path) -> None:
        """Downloads from there."""
        self._of(entry).fetch(entry, snapshot, filename, partial)

    def _of(self, entry: Entry) -> Source:
        return self._releases if entry.address else self._hub
