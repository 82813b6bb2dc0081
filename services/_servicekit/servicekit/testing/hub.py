"""A small Hugging Face Hub: real HTTP, repositories in memory, faults on request."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

_API: Final = re.compile(r"^/api/models/(?P<repository>[^/]+/[^/]+)/revision/(?P<revision>[^/]+)$")
_FILE: Final = re.compile(r"^/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<filename>.+)$")


@dataclass
class Hub:
    """What the server has, how it fails, and what it was asked."""

    endpoint: str = ""
    """For `HF_ENDPOINT`."""

    commits: dict[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)
    """Files by repository and commit."""

    branches: dict[tuple[str, str], str] = field(default_factory=dict)
    """Commits by repository and branch."""

    cut_after: int | None = None
    """Connections end after so many bytes of a file, while this is set."""

    served: dict[str, bytes] = field(default_factory=dict)
    """Bytes to serve for a file in place of its own, as a broken mirror would."""

    ranges: list[str] = field(default_factory=list)
    """`Range` headers of the requests for files, empty where there was none."""

    def commit(self, repository: str, files: Mapping[str, bytes], *, branch: str = "main") -> str:
        """Adds a commit, moves the branch to it and returns its id."""
        content = repr(sorted((name, hashlib.sha1(data).hexdigest()) for name, data in files.items()))  # noqa: S324 - as git
        commit = hashlib.sha1(content.encode()).hexdigest()  # noqa: S324 - as git
        self.commits[repository, commit] = dict(files)
        self.branches[repository, branch] = commit
        return commit

    def find(self, repository: str, revision: str) -> tuple[str, Mapping[str, bytes]] | None:
        """Commit and files of a branch or commit."""
        commit = self.branches.get((repository, revision), revision)
        files = self.commits.get((repository, commit))
        return (commit, files) if files is not None else None


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub on a free port of 127.0.0.1."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if match := _API.match(path):
                self._answer_api(match["repository"], match["revision"])
            elif match := _FILE.match(path):
                self._answer_file(match["repository"], match["revision"], match["filename"])
            else:
                self._refuse("EntryNotFound")

        def _answer_api(self, repository: str, revision: str) -> None:
            found = state.find(repository, revision)
            if found is None:
                known = any(name == repository for name, _branch in state.branches)
                self._refuse("RevisionNotFound" if known else "RepoNotFound")
                return
            commit, files = found
            siblings = [
                {"rfilename": name, "size": len(data)}
                | ({} if name.endswith((".json", ".txt")) else {"lfs": _lfs(data)})
                for name, data in files.items()
            ]
            body = json.dumps({"id": repository, "sha": commit, "siblings": siblings}).encode()
            self._send(HTTPStatus.OK, body)

        def _answer_file(self, repository: str, revision: str, filename: str) -> None:
            found = state.find(repository, revision)
            if found is None or filename not in found[1]:
                self._refuse("EntryNotFound")
                return
            data = state.served.get(filename, found[1][filename])
            wanted = self.headers.get("Range", "")
            state.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if wanted else {}
            self._send(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK, data[start:], headers)

        def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = state.cut_after if "resolve" in self.path else None
            self.wfile.write(body[:cut])
            if cut is not None and cut < len(body):
                self.close_connection = True

        def _refuse(self, code: str) -> None:
            self._send(HTTPStatus.NOT_FOUND, b"{}", {"X-Error-Code": code})

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stays silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    state.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _lfs(data: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
