"""Job truth on Redis or Valkey: sorted sets, streams, and short Lua scripts (start reading at `lua/job.lua`)."""

from dataclasses import dataclass

from servicekit.jobstore import EventLog, JobDesk, WorkQueue
from servicekit.jobstore.outbox import Outbox
from servicekit.jobstore.redis.events import RedisEventLog
from servicekit.jobstore.redis.job_store import RedisJobDesk
from servicekit.jobstore.redis.outbox import RedisOutbox
from servicekit.jobstore.redis.queue import RedisWorkQueue
from servicekit.jobstore.redis.settings import JobLogSettings

__all__ = ["JobLog", "JobLogSettings", "connect"]


@dataclass(frozen=True, kw_only=True)
class JobLog:
    """The four roles. Each connects when it is first used; close those that were."""

    desk: JobDesk
    events: EventLog
    queue: WorkQueue
    outbox: Outbox


def connect(settings: JobLogSettings) -> JobLog:
    """The job log that the settings name."""
    return JobLog(
        desk=RedisJobDesk(settings),
        events=RedisEventLog(settings),
        queue=RedisWorkQueue(settings),
        outbox=RedisOutbox(settings),
    )
