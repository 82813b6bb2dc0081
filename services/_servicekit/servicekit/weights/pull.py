"""Brings models into the local store and pins them."""

import fnmatch
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from servicekit.weights.checks import sha256, validate_format, validate_name
from servicekit.weights.errors import WeightsCorrupt, WeightsError
from servicekit.weights.lock import LOCK_NAME, Lock, LockedFile, LockedModel
from servicekit.weights.manifest import Entry, Manifest
from servicekit.weights.source import Snapshot, Source

PARTIAL = ".partial"
"""Directory inside the store for incomplete files."""


class Puller:
    """Fetches, checks and locks models one by one."""

    def __init__(self, directory: Path, source: Source, *, manifest: Manifest, pins: Path | None = None) -> None:
        """`pins` is a second lock, perhaps under version control: it is obeyed and updated as well."""
        self._directory = directory
        self._source = source
        self._manifest = manifest
        self._lock = Lock(directory / LOCK_NAME)
        self._pins = Lock(pins) if pins is not None else self._lock

    def pull(
        self, names: Sequence[str], *, update: bool = False, report: Callable[[str], None] = lambda _line: None
    ) -> None:
        """Gets models whole, or raises WeightsError and leaves the lock as it was for the one that failed.

        With `update`, revisions are resolved anew and what is found replaces the lock's entry.
        """
        for name in names:
            entry = self._manifest[name]
            locked = None if update else self._locked(entry)
            snapshot = self._source.snapshot(entry, commit=locked.commit if locked else None)
            if locked is not None and snapshot.commit and locked.commit and snapshot.commit != locked.commit:
                raise WeightsError(
                    f"{name}: the source has commit {snapshot.commit}, the lock {locked.commit}; {_ADVICE_UPDATE}"
                )
            files = {
                filename: self._get(entry, snapshot, filename, locked) for filename in wanted(entry, snapshot, locked)
            }
            pinned = LockedModel(
                repository=entry.repository,
                revision=entry.revision,
                commit=snapshot.commit or (locked.commit if locked else None),
                files=files,
            )
            for lock in {self._lock.path: self._lock, self._pins.path: self._pins}.values():
                lock.record(name, pinned)
            shutil.rmtree(self._directory / PARTIAL / name, ignore_errors=True)
            size = sum(file.size for file in files.values())
            report(f"{name}: {entry.repository} at {pinned.commit or 'no known commit'}, {size / 1e6:,.1f} MB")

    def _locked(self, entry: Entry) -> LockedModel | None:
        locked = self._pins.read().get(entry.name)
        if locked is not None and (locked.repository, locked.revision) != (entry.repository, entry.revision):
            raise WeightsError(
                f"{entry.name}: the manifest asks for {entry.repository} at {entry.revision}, the lock holds "
                f"{locked.repository} at {locked.revision}; {_ADVICE_UPDATE}"
            )
        return locked

    def _get(self, entry: Entry, snapshot: Snapshot, filename: str, locked: LockedModel | None) -> LockedFile:
        """One file in place, with its size and digest."""
        target = self._directory / entry.name / filename
        remote = snapshot.files[filename]
        pinned = locked.files.get(filename) if locked is not None else None
        expected = pinned.sha256 if pinned is not None else remote.sha256
        if expected is not None and target.is_file() and sha256(target) == expected:
            return LockedFile(size=target.stat().st_size, sha256=expected)
        partial = self._directory / PARTIAL / entry.name / (snapshot.commit or "local") / filename
        partial.parent.mkdir(parents=True, exist_ok=True)
        self._source.fetch(entry, snapshot, filename, partial)
        ready = partial.with_name(f"ready-{partial.name}")
        partial.replace(ready)
        try:
            digest = sha256(ready)
            for source, wanted_digest in (("the lock", pinned and pinned.sha256), ("its repository", remote.sha256)):
                if wanted_digest is not None and wanted_digest != digest:
                    raise WeightsCorrupt(f"{entry.name}: {filename} is not what {source} says it is; nothing was kept")
            validate_format(ready)
            target.parent.mkdir(parents=True, exist_ok=True)
            size = ready.stat().st_size
            ready.replace(target)
        finally:
            ready.unlink(missing_ok=True)
        return LockedFile(size=size, sha256=digest)


_ADVICE_UPDATE = "to take what is there now, add --update"


def wanted(entry: Entry, snapshot: Snapshot, locked: LockedModel | None) -> list[str]:
    """Files that the entry names, by pattern; raises WeightsError where one is not there or may not come in."""
    chosen: dict[str, None] = {}
    for pattern in entry.files:
        found = sorted(fnmatch.filter(snapshot.files, pattern))
        if not found:
            raise WeightsError(
                f"{entry.name}: {entry.repository} has no {pattern}; it has {', '.join(sorted(snapshot.files)[:20])}"
            )
        chosen.update(dict.fromkeys(found))
    for filename in chosen:
        validate_name(filename, entry)
    gone = sorted(set(locked.files) - set(chosen)) if locked is not None else []
    if gone:
        raise WeightsError(f"{entry.name}: the lock has {gone[0]}, which the source lacks; {_ADVICE_UPDATE}")
    return list(chosen)
