"""Logging stays as it is for each test, whatever those before have set up."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog


@pytest.fixture(autouse=True, scope="module")
def logging_as_before_the_module() -> Iterator[None]:
    """Takes back what fixtures of a whole module set up."""
    with _taken_back():
        yield


@pytest.fixture(autouse=True)
def logging_as_before_the_test(logging_as_before_the_module: None) -> Iterator[None]:
    """Takes back what one test sets up."""
    with _taken_back():
        yield


@contextmanager
def _taken_back() -> Iterator[None]:
    """Takes back what `servicekit.logs.configure` sets for the whole process."""
    configure, before = structlog.configure, structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook

    def configure_for_now(**options: Any) -> None:  # noqa: ANN401 - any of structlog's
        configure(**options | {"cache_logger_on_first_use": False})  # a logger that remembers could not be taken back

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", configure_for_now)
        yield
    configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
