"""The job store on Redis or Valkey: sorted sets, streams and short Lua scripts (start reading at `lua/job.lua`)."""

from dataclasses import dataclass

from servicekit.jobstore import EventLog, FirstLooks, JobStore, WorkQueue
from servicekit.jobstore.outbox import Outbox
from servicekit.optional_imports import without

with without("opentelemetry.sdk.metrics"):  # redis-py could measure itself with it, which nobody asks for: 2 MB
    from servicekit.jobstore.redis.events import RedisEventLog
    from servicekit.jobstore.redis.first_looks import RedisFirstLooks
    from servicekit.jobstore.redis.job_store import RedisJobStore
    from servicekit.jobstore.redis.outbox import RedisOutbox
    from servicekit.jobstore.redis.queue import RedisWorkQueue
    from servicekit.jobstore.redis.settings import JobStoreSettings

__all__ = ["JobStoreClients", "JobStoreSettings", "connect"]


@dataclass(frozen=True, kw_only=True)
class JobStoreClients:
    """The store's five roles. Each connects when it is first used; close those that were."""

    jobs: JobStore
    events: EventLog
    queue: WorkQueue
    first_looks: FirstLooks
    outbox: Outbox


def connect(settings: JobStoreSettings) -> JobStoreClients:
    """The job store that the settings name."""
    return JobStoreClients(
        jobs=RedisJobStore(settings),
        events=RedisEventLog(settings),
        queue=RedisWorkQueue(settings),
        first_looks=RedisFirstLooks(settings),
        outbox=RedisOutbox(settings),
    )
