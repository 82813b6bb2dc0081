"""The local store that services load from: `<directory>/<model>/<files as in the repository>` and a lock."""

from pathlib import Path

from servicekit.inference.engine import Model
from servicekit.weights.checks import sha256
from servicekit.weights.errors import WeightsCorrupt, WeightsMissing
from servicekit.weights.lock import LOCK_NAME, Lock, LockedModel
from servicekit.weights.manifest import Manifest
from servicekit.weights.verified import Verified


class WeightStore:
    """Finds models on disk; never on a network."""

    def __init__(self, directory: Path, *, manifest: Manifest | None = None) -> None:
        self.directory = directory
        """Where the models lie."""
        self.manifest = manifest or Manifest.shipped()
        """What there is to pull."""
        self._lock = Lock(directory / LOCK_NAME)
        self._verified = Verified(directory)

    def has(self, name: str) -> bool:
        """Whether a model was pulled, and not another one of its name by an older version of Modomo.

        Raises WeightsMissing or WeightsCorrupt where it was and files lack or have another size now.
        """
        entry, locked = self.manifest[name], self._lock.read().get(name)
        if locked is None or (locked.repository, locked.revision) != (entry.repository, entry.revision):
            return False
        self._check_sizes(name)
        return True

    def path(self, name: str) -> Path:
        """Directory of a model whose files are, byte by byte, those that the lock names.

        The bytes are read only of a file that has changed since they were read last. Raises WeightsMissing or
        WeightsCorrupt, naming the file and the command that gets it.
        """
        self._check_sizes(name)
        for filename, locked in self._locked(name).files.items():
            self._compare(name, filename, self._verified.digest(self.directory / name / filename), locked.sha256)
        return self.directory / name

    def file(self, name: str) -> Path:
        """The only file of a model that is one; checked and raising as `path`."""
        directory = self.path(name)
        (filename,) = self._locked(name).files
        return directory / filename

    def digests(self, name: str) -> dict[str, str]:
        """SHA-256 of a model's files by path, as the lock names them; raises WeightsMissing."""
        return {filename: locked.sha256 for filename, locked in self._locked(name).files.items()}

    def model(self, name: str) -> Model:
        """How results name a model: repository id and locked commit; a release's own name, or `local`, without one."""
        locked = self._locked(name)
        entry = self.manifest[name]
        unknown = locked.revision if entry.address else "local"
        return Model(name=locked.repository, revision=locked.commit or unknown, licence=entry.licence)

    def verify(self, name: str) -> None:
        """Reads every byte of a model and compares with the lock; raises as `path`."""
        self._check_sizes(name)
        for filename, locked in self._locked(name).files.items():
            self._compare(name, filename, sha256(self.directory / name / filename), locked.sha256)

    def _compare(self, name: str, filename: str, found: str, expected: str) -> None:
        if found != expected:
            raise WeightsCorrupt(
                f"{self.directory / name / filename} has changed since it was pulled; {self._advice(name)}"
            )

    def _check_sizes(self, name: str) -> None:
        for filename, locked in self._locked(name).files.items():
            file = self.directory / name / filename
            if not file.is_file():
                raise WeightsMissing(f"{file} is missing; {self._advice(name)}")
            if file.stat().st_size != locked.size:
                found = file.stat().st_size
                raise WeightsCorrupt(f"{file} has {found} bytes instead of {locked.size}; {self._advice(name)}")

    def _locked(self, name: str) -> LockedModel:
        entry = self.manifest[name]
        locked = self._lock.read().get(name)
        if locked is None:
            raise WeightsMissing(
                f"{self.directory / name} is missing ({entry.purpose}, {entry.repository}); {self._advice(name)}"
            )
        if (locked.repository, locked.revision) != (entry.repository, entry.revision):
            raise WeightsMissing(
                f"{self.directory / name} holds {locked.repository} at {locked.revision}, this version of Modomo needs "
                f"{entry.repository} at {entry.revision}; {self._advice(name)}"
            )
        return locked

    def _advice(self, name: str) -> str:
        return f"get it with `python -m servicekit.weights pull {name} --directory {self.directory}` (MODOMO_WEIGHTS)"
