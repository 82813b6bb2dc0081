"""Where the job store is and its time limits: read by every process that uses it, under the same names."""

from dataclasses import dataclass

from servicekit.config.env import shared
from servicekit.jobstore.redis.address import parse_address


@dataclass(frozen=True, kw_only=True)
class JobStoreSettings:
    """Settings of the job store on Redis or Valkey (7 or newer)."""

    redis_url: str = shared("redis://127.0.0.1:6379/0", secret=True)
    """`redis://` or, with TLS, `rediss://[user:password@]host:port/db`; `?ssl_ca_certs=PATH` names a CA.

    Sentinels: `redis+sentinel://[user:password@]host:26379,host2:26379/SERVICE/db`, a Cluster:
    `redis+cluster://[user:password@]host:6379,host2:6379`; with TLS `rediss+…`. User and password are the store's.
    """

    redis_password: str = shared("", secret=True)
    """For addresses that hold none."""

    redis_sentinel_password: str = shared("", secret=True)
    """Of the Sentinels, where they want one."""

    redis_wait_replicas: int = shared(0)
    """How many replicas must have what was written before a submit, a cancellation or an ending counts as done.

    0 leaves that to the server: what its primary accepted just before it died may then be lost in a failover.
    """

    redis_timeout_seconds: float = shared(5.0)
    """A command that takes longer has failed."""

    joblog_namespace: str = shared("modomo")
    """First part of every key and channel, as a hash tag: all keys of a job store lie in one slot of a cluster."""

    joblog_idle_seconds: float = shared(6.0)
    """How long a lease lasts without a heartbeat; then another worker takes the job over."""

    joblog_max_deliveries: int = shared(3)
    """How often a job may be claimed before it fails."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the setting that makes no sense."""
        for name in ("redis_timeout_seconds", "joblog_idle_seconds", "joblog_max_deliveries"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive")
        if self.redis_wait_replicas < 0:
            raise ValueError("redis_wait_replicas must be at least 0")
        parse_address(self.redis_url)
        if not self.joblog_namespace or set(self.joblog_namespace) & set("{}"):
            raise ValueError("joblog_namespace must be a word without braces")
