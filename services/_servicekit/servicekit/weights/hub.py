"""Weights from the Hugging Face Hub, or a mirror of it (`HF_ENDPOINT`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented, but not in __all__

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
        expected = snapshot.files[filename].size
        if expected is not None and partial.exists() and partial.stat().st_size > expected:
            partial.unlink()
        with self._explained(entry, filename), partial.open("ab") as file:
            http_get(
                url,
                file,
                resume_size=file.tell(),
                headers=build_hf_headers(),
                expected_size=expected,
                displayed_filename=f"{entry.name}/{filename}",
            )

    @contextmanager
    def _explained(self, entry: Entry, what: str) -> Iterator[None]:
        repository = f"{self._endpoint}/{entry.repository}"
        try:
            yield
        except GatedRepoError as error:
            raise WeightsError(f"{repository} asks for its licence to be accepted and HF_TOKEN to be set") from error
        except RepositoryNotFoundError as error:
            raise WeightsError(f"{repository} does not exist, or not for everyone (HF_TOKEN)") from error
        except RevisionNotFoundError as error:
            raise WeightsError(f"{repository} has no revision {what!r}") from error
        except HfHubHTTPError as error:
            raise WeightsError(f"{repository}: {what}: HTTP {error.response.status_code}") from error
        except (HTTPError, OfflineModeIsEnabled, OSError) as error:
            raise WeightsError(
                f"{repository}: {what}: {error or type(error).__name__}. Offline? Point HF_ENDPOINT at a mirror, or "
                "pull on another machine and bring the directory here (`--from DIRECTORY`)."
            ) from error
