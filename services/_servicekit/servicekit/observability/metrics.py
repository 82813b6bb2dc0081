"""Prometheus metrics that every service has, and the page that shows all of them.

A metric of one module is declared in that module; `docs/metrics.md` lists all of them. The values of labels come from
short lists of ours, never from callers: no ids, no paths, no names.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest, start_http_server

from servicekit.config.env import SettingsError

SECONDS_BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0)
"""Every objective is a boundary, so that alerts can count what was slower."""

BUILD_INFO: Final = Gauge("modomo_build_info", "1, with what runs here as labels", ["service", "version"])

RPC_SECONDS: Final = Histogram(
    "modomo_rpc_duration_seconds", "Time to answer an RPC", ["method", "code"], buckets=SECONDS_BUCKETS
)
RPC_IN_FLIGHT: Final = Gauge("modomo_rpc_in_flight", "RPCs being answered", ["method"])
RPC_ERRORS: Final = Counter("modomo_rpc_errors_total", "RPCs that failed", ["method", "reason"])

CALL_SECONDS: Final = Histogram(
    "modomo_rpc_client_duration_seconds",
    "Time that a call to another service took, its retries included",
    ["method", "code"],
    buckets=SECONDS_BUCKETS,
)
CALLS_IN_FLIGHT: Final = Gauge("modomo_rpc_client_in_flight", "Calls to other services under way", ["method"])


def page() -> tuple[bytes, str]:
    """The metrics of this process in Prometheus' text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST


def serve(service: str, port: int, *, host: str = "0.0.0.0") -> None:  # noqa: S104 - scraped from other machines
    """Serves the page on its own port, from its own thread; port 0 serves nothing.

    Raises SettingsError where the port is in use.
    """
    try:
        release = version(f"modomo-{service.removesuffix('-worker')}")
    except PackageNotFoundError:  # run from a source tree that is not installed
        release = "unknown"
    BUILD_INFO.labels(service, release).set(1)
    if not port:
        return
    try:
        start_http_server(port, host)
    except OSError as error:
        raise SettingsError(f"MODOMO_*_METRICS_PORT: cannot listen on {port}: {error.strerror}") from error
