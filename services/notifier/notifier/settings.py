"""The notifier's settings, read from `MODOMO_NOTIFIER_*` and the job log's own variables."""

from dataclasses import dataclass
from typing import Final

from servicekit.joblog.redis import JobLogSettings
from servicekit.settings import ProcessSettings

PREFIX: Final = "MODOMO_NOTIFIER_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings, JobLogSettings):
    """The notifier's settings."""

    listen: str = "127.0.0.1:50054"
    """`host:port` of the gRPC server."""

    max_watchers: int = 5000
    """Watches at a time; more are refused with RESOURCE_EXHAUSTED."""

    backlog_limit: int = 256
    """Live events that a watcher may be behind before it is refused with RESOURCE_EXHAUSTED."""
