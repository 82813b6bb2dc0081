"""The notifier's settings, read from `MODOMO_NOTIFIER_*` and the variables that it shares with others."""

from dataclasses import dataclass
from typing import Final

from servicekit.config.settings import ProcessSettings
from servicekit.jobstore.redis import JobStoreSettings
from servicekit.webhooks import WebhookSettings

PREFIX: Final = "MODOMO_NOTIFIER_"


@dataclass(frozen=True, kw_only=True)
class Settings(ProcessSettings, JobStoreSettings, WebhookSettings):
    """The notifier's settings."""

    listen: str = "127.0.0.1:50054"
    """`host:port` of the gRPC server."""

    max_watchers: int = 5000
    """Watches at a time; more are refused with RESOURCE_EXHAUSTED."""

    backlog_limit: int = 256
    """Live events that a watcher may be behind before it is refused with RESOURCE_EXHAUSTED."""

    webhook_timeout_seconds: float = 20.0
    """What a receiver may take, looking up its name included."""

    webhook_retry_seconds: tuple[float, ...] = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
    """Pauses after failed attempts; after the last one a webhook is given up, 18 hours after the job's end."""

    webhook_parallel: int = 32
    """Webhooks that one process delivers at a time."""

    webhook_per_receiver: int = 4
    """Of these, of one tenant to one host, whatever the port."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        JobStoreSettings.__post_init__(self)
        WebhookSettings.__post_init__(self)
        for name in ("webhook_timeout_seconds", "webhook_parallel", "webhook_per_receiver"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0")
        if any(pause < 0 for pause in self.webhook_retry_seconds):
            raise ValueError("webhook_retry_seconds must not be negative")
