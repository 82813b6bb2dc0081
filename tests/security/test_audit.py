"""`make audit` asks for every locked package, and fails where one is known to be vulnerable or nobody answers."""

import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


class Advisories(ThreadingHTTPServer):
    """A server that answers as osv.dev does."""

    def __init__(self, vulnerable: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.vulnerable = vulnerable
        self.asked: dict[str, str] = {}


class _Answer(BaseHTTPRequestHandler):
    server: Advisories

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked[name] = query["version"]
        found = {"vulns": [_advisory(name, query["version"])]} if name == self.server.vulnerable else {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing."""


def _advisory(name: str, version: str) -> dict[str, object]:
    return {
        "id": "TEST-2026-1",
        "aliases": ["CVE-2026-0001"],
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "details": "Made up.",
        "affected": [{"package": {"name": name, "ecosystem": "PyPI"}, "versions": [version]}],
    }


@contextmanager
def _advisories(vulnerable: str = "") -> Iterator[Advisories]:
    server = Advisories(vulnerable)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _audit(url: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """What `make audit` runs, without its making of an environment."""
    printed = subprocess.run(
        ["make", "--no-print-directory", "--just-print", "--assume-old=.venv-dev/ready", "audit", f"OSV_URL={url}"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    command = shlex.split(printed.stdout.replace("\\\n", " "))
    assert command[0].endswith("pip-audit"), printed.stdout
    return subprocess.run(
        [*command, "--cache-dir", str(cache)], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )


def _locked() -> dict[str, str]:
    """What the lock pins on this system."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line.removesuffix(" \\")) for line in lines if line and not line.startswith((" ", "#"))]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in pins if not pin.marker or pin.marker.evaluate()}


@pytest.mark.slow
def test_every_locked_package_is_asked_for(tmp_path: Path) -> None:
    with _advisories() as server:
        done = _audit(f"http://127.0.0.1:{server.server_port}/v1/query", tmp_path)
    assert done.returncode == 0, done.stderr
    locked = _locked()
    assert len(locked) > 100
    assert server.asked == locked


@pytest.mark.slow
def test_a_vulnerable_package_fails_the_audit_by_name(tmp_path: Path) -> None:
    with _advisories("redis") as server:
        done = _audit(f"http://127.0.0.1:{server.server_port}/v1/query", tmp_path)
    assert done.returncode != 0
    assert "CVE-2026-0001" in done.stdout
    assert "redis" in done.stdout


@pytest.mark.slow
def test_an_audit_that_nobody_answers_fails(tmp_path: Path) -> None:
    assert _audit("http://127.0.0.1:9/v1/query", tmp_path).returncode != 0
