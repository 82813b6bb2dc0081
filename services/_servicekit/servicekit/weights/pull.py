"""Brings models into the local store and pins them: everything is looked up first, then fetched one by one."""

import fnmatch
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from servicekit.weights.checks import sha256, validate_format, validate_name
from servicekit.weights.errors import WeightsCorrupt, WeightsError, WeightsMissing
from servicekit.weights.lock import LOCK_NAME, Lock, LockedFile, LockedModel
from servicekit.weights.manifest import Entry, Manifest
from servicekit.weights.source import RemoteFile, Snapshot, Source
from servicekit.weights.verified import Verified

PARTIAL = ".partial"
"""Directory inside the store for incomplete files."""

Report: TypeAlias = Callable[[str], None]

_ADVICE_UPDATE: Final = "to take what is there now, add --update"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a pull of one model would do."""

    entry: Entry
    snapshot: Snapshot
    locked: LockedModel | None

    files: Mapping[str, RemoteFile]
    """Every file that the entry needs, by its path in the repository."""

    here: frozenset[str]
    """Those that lie in the store already."""

    @property
    def to_fetch(self) -> dict[str, RemoteFile]:
        """Those that do not."""
        return {name: file for name, file in self.files.items() if name not in self.here}

    @property
    def bytes(self) -> int:
        """Of what would be fetched; a file whose size the source does not say counts nothing."""
        return sum(file.size or 0 for file in self.to_fetch.values())


class Puller:
    """Looks up, fetches, checks and locks models."""

    def __init__(
        self,
        directory: Path,
        source: Source,
        *,
        manifest: Manifest,
        pins: Path | None = None,
        known: Mapping[str, LockedModel] | None = None,
    ) -> None:
        """`pins` is a second lock, perhaps under version control: it is obeyed and updated as well.

        `known` holds files whose bytes were known before the first pull, by model; others are refused.
        """
        self._directory = directory
        self._source = source
        self._manifest = manifest
        self._lock = Lock(directory / LOCK_NAME)
        self._pins = Lock(pins) if pins is not None else self._lock
        self._known = known or {}
        self._verified = Verified(directory)

    def look_up(self, names: Sequence[str], *, update: bool = False) -> tuple[list[Planned], list[WeightsError]]:
        """What pulling these models would fetch, and what is wrong with the others; fetches nothing."""
        planned: list[Planned] = []
        problems: list[WeightsError] = []
        for name in names:
            try:
                planned.append(self._plan(self._manifest[name], update=update))
            except WeightsError as problem:
                problems.append(problem)
        return planned, problems

    def pull(self, names: Sequence[str], *, update: bool = False, report: Report = lambda _line: None) -> None:
        """Gets models whole. One that fails leaves the others alone and the lock as it was for itself.

        With `update`, revisions are resolved anew and what is found replaces the lock's entry. Raises WeightsError at
        the end, one line a model that could not be had.
        """
        planned, problems = self.look_up(names, update=update)
        self._check_space(planned)
        if planned:
            size = sum(one.bytes for one in planned)
            report(f"{len(planned)} models, {in_words(size)} to fetch into {self._directory}")
        for one in planned:
            try:
                self._fetch(one, report)
            except WeightsError as problem:
                problems.append(problem)
        if len(problems) == 1:
            raise problems[0]
        if problems:
            raise WeightsError("\n".join(str(problem) for problem in problems))

    def _plan(self, entry: Entry, *, update: bool) -> Planned:
        locked = None if update else self._locked(entry)
        snapshot = self._source.snapshot(entry, commit=locked.commit if locked else None)
        if locked is not None and snapshot.commit and locked.commit and snapshot.commit != locked.commit:
            raise WeightsError(
                f"{entry.name}: the source has commit {snapshot.commit}, the lock {locked.commit}; {_ADVICE_UPDATE}"
            )
        files = {filename: snapshot.files[filename] for filename in wanted(entry, snapshot, locked)}
        for filename, remote in files.items():
            known = self._known_file(entry, filename)
            if known is not None and remote.sha256 not in (None, known.sha256):
                raise WeightsCorrupt(
                    f"{entry.name}: {filename} has changed in {entry.repository}: it has SHA-256 {remote.sha256}, "
                    f"{known.sha256} is known; stay with the files that you have, or take a version of Modomo that "
                    "knows the new ones"
                )
        here = frozenset(name for name, remote in files.items() if self._is_here(entry, name, remote, locked))
        return Planned(entry=entry, snapshot=snapshot, locked=locked, files=files, here=here)

    def _is_here(self, entry: Entry, filename: str, remote: RemoteFile, locked: LockedModel | None) -> bool:
        target = self._directory / entry.name / filename
        pinned = locked.files.get(filename) if locked is not None else None
        expected = pinned or self._known_file(entry, filename)
        digest = expected.sha256 if expected is not None else remote.sha256
        return digest is not None and target.is_file() and self._verified.digest(target) == digest

    def _known_file(self, entry: Entry, filename: str) -> LockedFile | None:
        model = self._known.get(entry.name)
        if model is None or (model.repository, model.revision) != (entry.repository, entry.revision):
            return None
        return model.files.get(filename)

    def _check_space(self, planned: Sequence[Planned]) -> None:
        """Raises WeightsError where the disk cannot hold what would be fetched."""
        self._directory.mkdir(parents=True, exist_ok=True)
        needed = sum(one.bytes for one in planned)
        free = shutil.disk_usage(self._directory).free
        if needed > free:
            raise WeightsError(
                f"{self._directory}: {in_words(needed)} are to be fetched, but the disk has {in_words(free)} free; "
                "make room, or name another directory (MODOMO_WEIGHTS)"
            )

    def _fetch(self, planned: Planned, report: Report) -> None:
        entry, snapshot, locked = planned.entry, planned.snapshot, planned.locked
        try:
            files = {filename: self._get(planned, filename) for filename in planned.files}
        except OSError as error:
            raise WeightsError(
                f"{self._directory / entry.name} cannot be written: {error.strerror or error}; make room or name "
                "another directory (MODOMO_WEIGHTS), then run the same command again"
            ) from error
        pinned = LockedModel(
            repository=entry.repository,
            revision=entry.revision,
            commit=snapshot.commit or (locked.commit if locked else None),
            files=files,
        )
        for lock in {self._lock.path: self._lock, self._pins.path: self._pins}.values():
            lock.record(entry.name, pinned)
        shutil.rmtree(self._directory / PARTIAL / entry.name, ignore_errors=True)
        size = sum(file.size for file in files.values())
        report(f"{entry.name}: {entry.repository} at {pinned.commit or entry.revision}, {in_words(size)}")

    def _locked(self, entry: Entry) -> LockedModel | None:
        locked = self._pins.read().get(entry.name)
        if locked is not None and (locked.repository, locked.revision) != (entry.repository, entry.revision):
            if self._pins is self._lock:
                return None  # of a version of Modomo that took another model under this name
            raise WeightsError(
                f"{entry.name}: the manifest asks for {entry.repository} at {entry.revision}, the lock holds "
                f"{locked.repository} at {locked.revision}; {_ADVICE_UPDATE}"
            )
        return locked

    def _get(self, planned: Planned, filename: str) -> LockedFile:
        """One file in place, with its size and digest."""
        entry, snapshot = planned.entry, planned.snapshot
        target = self._directory / entry.name / filename
        if filename in planned.here:
            return LockedFile(size=target.stat().st_size, sha256=self._verified.digest(target))
        partial = self._directory / PARTIAL / entry.name / (snapshot.commit or "local") / filename
        partial.parent.mkdir(parents=True, exist_ok=True)
        self._source.fetch(entry, snapshot, filename, partial)
        ready = partial.with_name(f"ready-{partial.name}")
        partial.replace(ready)
        try:
            digest = sha256(ready)
            self._compare(planned, filename, digest)
            validate_format(ready, entry)
            target.parent.mkdir(parents=True, exist_ok=True)
            ready.replace(target)
        finally:
            ready.unlink(missing_ok=True)
        self._verified.record(target, digest)
        return LockedFile(size=target.stat().st_size, sha256=digest)

    def _compare(self, planned: Planned, filename: str, digest: str) -> None:
        """Raises WeightsCorrupt where bytes are not those that somebody vouches for."""
        entry, locked = planned.entry, planned.locked
        pinned = locked.files.get(filename) if locked is not None else None
        known = self._known_file(entry, filename)
        for source, expected in (
            ("the lock", pinned and pinned.sha256),
            ("this version of Modomo", known and known.sha256),
            ("its repository", planned.files[filename].sha256),
        ):
            if expected is not None and expected != digest:
                raise WeightsCorrupt(
                    f"{entry.name}: {filename} is not what {source} says it is; nothing was kept: try again, and "
                    "without a mirror or proxy in between if there is one"
                )


def wanted(entry: Entry, snapshot: Snapshot, locked: LockedModel | None) -> list[str]:
    """Files that the entry names, by pattern; raises WeightsError naming all that are not there or may not come in."""
    found = {pattern: sorted(fnmatch.filter(snapshot.files, pattern)) for pattern in entry.files}
    lacking = [pattern for pattern, names in found.items() if not names]
    if lacking:
        there = ", ".join(sorted(snapshot.files)[:20]) or "nothing"
        raise WeightsMissing(f"{entry.name}: {entry.repository} has no {', '.join(lacking)}; it has {there}")
    chosen = list(dict.fromkeys(name for names in found.values() for name in names))
    for filename in chosen:
        validate_name(filename, entry)
    gone = sorted(set(locked.files) - set(chosen)) if locked is not None else []
    if gone:
        raise WeightsError(f"{entry.name}: the lock has {gone[0]}, which the source lacks; {_ADVICE_UPDATE}")
    return chosen


def in_words(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1e9:,.2f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
