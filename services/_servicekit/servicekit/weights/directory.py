"""Weights from a directory: another store, a folder of clones, or a Hugging Face cache that was brought along."""

import shutil
from pathlib import Path

from servicekit.weights.errors import WeightsError
from servicekit.weights.lock import LOCK_NAME, Lock
from servicekit.weights.manifest import Entry
from servicekit.weights.source import RemoteFile, Snapshot


class DirectorySource:
    """Looks for `<name>`, then `<owner>/<repository>`, then `models--<owner>--<repository>/snapshots/<commit>`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def snapshot(self, entry: Entry, *, commit: str | None) -> Snapshot:
        """Lists the files; the commit is known from a cache's layout or another store's lock."""
        root, found = self._find(entry, commit)
        files = {
            path.relative_to(root).as_posix(): RemoteFile(size=path.stat().st_size)
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        return Snapshot(commit=found, files=files)

    def fetch(self, entry: Entry, snapshot: Snapshot, filename: str, partial: Path) -> None:
        """Copies a file."""
        root, _commit = self._find(entry, snapshot.commit)
        try:
            shutil.copyfile(root / filename, partial)
        except OSError as error:
            raise WeightsError(f"{root / filename}: {error.strerror}") from error

    def _find(self, entry: Entry, commit: str | None) -> tuple[Path, str | None]:
        """Where a model lies, and at which commit if that can be known."""
        own = self._directory / entry.name
        if own.is_dir():
            locked = Lock(self._directory / LOCK_NAME).read().get(entry.name)
            return own, locked.commit if locked is not None else None
        clone = self._directory / entry.repository
        if clone.is_dir():
            return clone, None
        cache = self._directory / f"models--{entry.repository.replace('/', '--')}"
        reference = cache / "refs" / entry.revision
        wanted = commit or (reference.read_text("utf-8").strip() if reference.is_file() else entry.revision)
        if (cache / "snapshots" / wanted).is_dir():
            return cache / "snapshots" / wanted, wanted
        raise WeightsError(f"{self._directory} has neither {own.name}/ nor {entry.repository}/ nor {cache.name}/")
