"""Whole systems for tests: the local stack on free ports, gone when its tests are."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from deploy.local.options import on_port
from deploy.local.stack import Stack, running
from servicekit import ports
from servicekit.testing.collector import Collector, collecting


class StartStack(Protocol):
    """Starts a system of one's own; used with `async with`."""

    def __call__(
        self, *, workers: int = 1, modules: dict[str, str] | None = None, overrides: dict[str, str] | None = None
    ) -> AbstractAsyncContextManager[Stack]:
        """`modules` replaces services by others, `overrides` sets variables."""


def start(
    data: Path, *, workers: int = 1, modules: dict[str, str] | None = None, overrides: dict[str, str] | None = None
) -> AbstractAsyncContextManager[Stack]:
    """A system on free ports with its data in a directory of its own."""
    (port,) = ports.free(1)
    return running(on_port(port, data=data, workers=workers, modules=modules, overrides=overrides))


@pytest.fixture
def start_stack(tmp_path: Path) -> StartStack:
    """For tests that kill, slow down or reconfigure."""

    def start_one(
        *, workers: int = 1, modules: dict[str, str] | None = None, overrides: dict[str, str] | None = None
    ) -> AbstractAsyncContextManager[Stack]:
        return start(tmp_path / "stack", workers=workers, modules=modules, overrides=overrides)

    return start_one


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes in the traces of the shared system."""
    with collecting() as one:
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncIterator[Stack]:
    """One system with the lite engines and traces, shared by all tests that leave it as it is."""
    overrides = {"MODOMO_OTLP_ENDPOINT": collector.endpoint, "MODOMO_LOG_FORMAT": "json"}
    async with start(tmp_path_factory.mktemp("stack"), overrides=overrides) as one:
        yield one
