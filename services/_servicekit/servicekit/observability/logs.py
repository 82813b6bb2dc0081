"""Logs: one JSON object a line, or coloured lines on a terminal.

Third-party records come through the same handler, and so do warnings and exceptions that nobody caught. Every record
carries the service's name and, where there are any, the ids of the request, the job and the trace. None shows a
secret, and none is more than one line (`servicekit.observability.redaction`).
"""

import logging
import sys
import threading
from typing import Final, Literal

from servicekit.observability import redaction, tracing
from servicekit.optional_imports import without
from servicekit.rpc import context

with without("rich"):  # its tracebacks take seconds and show local variables, and it takes 4 MB
    import structlog
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

LogFormat = Literal["auto", "json", "console"]

_VERBOSE: Final = ("aiobotocore", "aiohttp", "boto3", "botocore", "httpcore", "httpx", "urllib3", "websockets")
"""Their DEBUG records hold whole requests."""

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(service: str, *, level: str = "INFO", log_format: LogFormat = "auto") -> None:
    """Sets logging up for the whole process; called once, by `__main__`."""

    def add_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        for name, variable in (("request_id", context.request_id), ("job_id", context.job_id)):
            if variable.get():
                event.setdefault(name, variable.get())
        event.update(tracing.ids())
        return event

    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    renderer: Processor
    finish: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _redact,
    ]
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        finish.append(_keep_to_one_line)
    before: list[Processor] = [*_SHARED, add_ids]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=[*finish, renderer]),
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    _capture_stderr()


def get(name: str) -> FilteringBoundLogger:
    """A logger; call it as `log.info("job finished", seconds=1.2)`: a constant event, with its facts as keywords."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: redaction.redacted(value, name=name) for name, value in event.items()}


def _keep_to_one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Except tracebacks."""
    return {
        name: redaction.one_line(value) if isinstance(value, str) and name != "exception" else value
        for name, value in event.items()
    }


def _capture_stderr() -> None:
    """Turns what would be printed to stderr into records."""
    log = get("process")
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, traceback: log.critical("uncaught", exc_info=(kind, error, traceback))
    threading.excepthook = lambda args: log.critical(
        "uncaught in a thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
    )
