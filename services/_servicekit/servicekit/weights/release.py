"""Weights from a release: files at an address that no hub lists, known by their SHA-256."""

from pathlib import Path
from urllib.parse import quote

from huggingface_hub import get_session

from servicekit.weights.download import download, explained, raise_for_answer
from servicekit.weights.manifest import Entry
from servicekit.weights.source import RemoteFile, Snapshot

TIMEOUT_SECONDS = 30
HEADERS = {"Accept-Encoding": "identity"}
"""Some servers compress what they send and then tell the compressed size."""


class ReleaseSource:
    """Asks for every file by its full address; there are no commits, and nobody says what the bytes should be."""

    def snapshot(self, entry: Entry, *, commit: str | None) -> Snapshot:
        """Asks for the size of each file; one that is not there is left out. Any `commit` is without meaning here."""
        files = {}
        for filename in entry.files:
            url = _url(entry, filename)
            with explained(entry, url):
                answer = get_session().head(url, headers=HEADERS, follow_redirects=True, timeout=TIMEOUT_SECONDS)
                if answer.status_code == 404:
                    continue
                raise_for_answer(answer)
                length = answer.headers.get("Content-Length", "")
                files[filename] = RemoteFile(size=int(length) if length.isdecimal() else None)
        return Snapshot(commit=None, files=files)

    def fetch(self, entry: Entry, snapshot: Snapshot, filename: str, partial: Path) -> None:
        """Downloads what is missing of a file, with a progress bar on stderr."""
        url = _url(entry, filename)
        with explained(entry, url):
            size = snapshot.files[filename].size
            download(url, partial, size=size, shown=f"{entry.name}/{filename}", headers=HEADERS)


def _url(entry: Entry, filename: str) -> str:
    return entry.address + quote(filename)
