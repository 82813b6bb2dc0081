"""Logging stays as it is for each test, whatever the one before has set up."""

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes back what `servicekit.logs.configure` sets for the whole process."""
    configure, before = structlog.configure, structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook

    def configure_for_now(**options: Any) -> None:  # noqa: ANN401 - any of structlog's
        configure(**options | {"cache_logger_on_first_use": False})  # a logger that remembers could not be taken back

    monkeypatch.setattr(structlog, "configure", configure_for_now)
    yield
    configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
