"""The life of a service's process: logs, metrics, traces, event loop, exit code."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

from servicekit.config import config_hints
from servicekit.config.env import SettingsError
from servicekit.config.settings import ProcessSettings
from servicekit.inference import allocator
from servicekit.observability import logs, metrics, tracing

if sys.platform != "win32":
    import resource

log = logs.get(__name__)

EXIT_CONFIGURATION: Final = 78
"""EX_CONFIG of sysexits.h: restarting will not help before a setting is changed."""

MAX_DESCRIPTORS: Final = 65_536
"""More than any of these processes needs."""


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a service to its end, on uvloop where there is one; wrong settings end it with one log line."""
    allocator.share_arenas()
    raise_descriptors()
    try:
        if sys.platform == "win32":
            asyncio.run(main())
        else:
            import uvloop  # noqa: PLC0415 - not on every platform

            uvloop.run(main())
    except SettingsError as error:
        logs.configure("modomo")  # with defaults, since the settings for logs may be the wrong ones
        log.critical("cannot start", problem=str(error), **config_hints.chart_value(str(error)))
        sys.exit(EXIT_CONFIGURATION)


def raise_descriptors() -> None:
    """Lets this process open as many files and connections as it may; most systems begin with 1,024."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
        if resource.RLIM_INFINITY != soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def descriptors() -> int:
    """How many files and connections this process may open at a time."""
    if sys.platform == "win32":
        return MAX_DESCRIPTORS
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, MAX_DESCRIPTORS)


def begin(service: str, settings: ProcessSettings) -> None:
    """Sets up logs, metrics and traces as the settings say; raises SettingsError."""
    logs.configure(service, level=settings.log_level, log_format=settings.log_format)
    metrics.serve(service, settings.metrics_port)
    tracing.start(service, settings)
