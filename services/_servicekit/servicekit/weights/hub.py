"""Weights from the Hugging Face Hub, or a mirror of it (`HF_ENDPOINT`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, but not in __all__

from servicekit.weights.download import download, explained
from servicekit.weights.errors import WeightsError
from servicekit.weights.manifest import Entry
from servicekit.weights.source import RemoteFile, Snapshot

TIMEOUT_SECONDS = 30


class HubSource:
    """Uses plain HTTP, so that any mirror will do and a broken transfer is continued.

    (`hf_hub_download` deletes a partial file when its process ends.)
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint or constants.ENDPOINT
        self._api = HfApi(endpoint=self._endpoint)

    def snapshot(self, entry: Entry, *, commit: str | None) -> Snapshot:
        """Asks the hub for the commit and the list of files."""
        with self._explained(entry, commit or entry.revision):
            info = self._api.model_info(
                entry.repository, revision=commit or entry.revision, files_metadata=True, timeout=TIMEOUT_SECONDS
            )
        files = {
            sibling.rfilename: RemoteFile(size=sibling.size, sha256=sibling.lfs.sha256 if sibling.lfs else None)
            for sibling in info.siblings or ()
        }
        return Snapshot(commit=info.sha, files=files)

    def fetch(self, entry: Entry, snapshot: Snapshot, filename: str, partial: Path) -> None:
        """Downloads what is missing of a file, with a progress bar on stderr."""
        url = hf_hub_url(entry.repository, filename, revision=snapshot.commit, endpoint=self._endpoint)
        size = snapshot.files[filename].size
        with self._explained(entry, filename):
            download(url, partial, size=size, shown=f"{entry.name}/{filename}", headers=build_hf_headers())

    @contextmanager
    def _explained(self, entry: Entry, what: str) -> Iterator[None]:
        repository = f"{self._endpoint}/{entry.repository}"
        try:
            with explained(entry, f"{repository}: {what}"):
                yield
        except WeightsError as problem:
            match problem.__cause__:
                case GatedRepoError():
                    text = f"{repository} asks for its licence to be accepted and HF_TOKEN to be set"
                case RepositoryNotFoundError():
                    text = f"{repository} does not exist, or not for everyone (HF_TOKEN)"
                case RevisionNotFoundError():
                    text = f"{repository} has no revision {what!r}"
                case _:
                    raise
            raise WeightsError(text) from problem
