"""Settings that every process has; each service's own `Settings` extends them."""

from dataclasses import dataclass

from servicekit.config.env import shared
from servicekit.observability.logs import LogFormat
from servicekit.observability.tracing import TracingSettings
from servicekit.rpc.tls import TlsSettings


@dataclass(frozen=True, kw_only=True)
class ProcessSettings(TlsSettings, TracingSettings):
    """Settings that every process has."""

    log_level: str = shared("INFO")
    """DEBUG, INFO, WARNING or ERROR."""

    log_format: LogFormat = shared("auto")
    """`json`, `console`, or `auto`: console on a terminal."""

    metrics_port: int = 0
    """Port of the Prometheus page; 0 for none."""

    health_port: int = 0
    """Port of gRPC health checks alone, in plaintext, for probes without a certificate; 0 for none."""

    drain_seconds: float = 20.0
    """How long running work may take to end after the signal to stop."""

    @property
    def health_address(self) -> str:
        """`host:port` of health checks alone; empty for none."""
        return f"0.0.0.0:{self.health_port}" if self.health_port else ""  # probes come from outside
