"""Settings that every process has; each service's own `Settings` extends them."""

from dataclasses import dataclass

from servicekit.env import shared
from servicekit.logs import LogFormat


@dataclass(frozen=True, kw_only=True)
class ProcessSettings:
    """Settings that every process has."""

    log_level: str = shared("INFO")
    """DEBUG, INFO, WARNING or ERROR."""

    log_format: LogFormat = shared("auto")
    """`json`, `console`, or `auto`: console on a terminal."""

    metrics_port: int = 0
    """Port of the Prometheus page; 0 for none."""

    drain_seconds: float = 20.0
    """How long work under way may take to end after the signal to stop."""
