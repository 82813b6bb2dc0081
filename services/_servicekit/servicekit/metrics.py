"""Prometheus metrics that every service has, and the page that shows all of them."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest, start_http_server

SECONDS_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

RPC_SECONDS: Final = Histogram(
    "modomo_rpc_seconds", "Time to answer an RPC", ["method", "code"], buckets=SECONDS_BUCKETS
)
RPC_IN_FLIGHT: Final = Gauge("modomo_rpc_in_flight", "RPCs being answered", ["method"])
RPC_ERRORS: Final = Counter("modomo_rpc_errors_total", "RPCs that failed", ["method", "reason"])


def page() -> tuple[bytes, str]:
    """The metrics of this process in Prometheus' text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST


def serve(port: int, *, host: str = "0.0.0.0") -> None:  # noqa: S104 - scraped from other machines
    """Serves the page on a port of its own, from a thread of its own; port 0 serves nothing."""
    if port:
        start_http_server(port, host)
