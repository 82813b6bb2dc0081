"""The connection to Redis or Valkey: client, key names, scripts, and errors of the server as ServiceErrors."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from typing import Any, Final

from prometheus_client import Counter
from redis.asyncio.client import PubSub
from redis.commands.core import AsyncScript
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore import catalog
from servicekit.jobstore.redis.client import PrimaryPool, redis_client
from servicekit.jobstore.redis.settings import JobStoreSettings
from servicekit.observability import logs

log = logs.get(__name__)

ERRORS: Final = Counter("modomo_redis_errors_total", "Commands to Redis that failed, by how", ["kind"])

REPLICATED: Final = frozenset({"submit", "finish", "retry", "cancel", "begin_purge", "finish_purge"})
"""Scripts after which somebody outside is told that something is so, and for which `redis_wait_replicas` counts."""

UVLOOP_CLOSED: Final = "the handler is closed"
"""Of the RuntimeError that uvloop raises, and redis-py passes on, where a connection breaks just before a write."""

_LUA: Final = resources.files(__package__) / "lua"


class Keys:
    """Names of keys and channels. The braces are a hash tag: all of them lie in one slot of a cluster.

    What is stored keeps its name from release to release, since processes of two releases share it during an upgrade.
    """

    def __init__(self, namespace: str) -> None:
        self._tag = f"{{{namespace}}}"
        self.waiting = f"{self._tag}:waiting"
        self.leases = f"{self._tag}:leases"
        self.delayed = f"{self._tag}:delayed"
        self.deadlines = f"{self._tag}:deadlines"
        self.durations = f"{self._tag}:durations"
        self.dead_jobs = f"{self._tag}:dead"
        self.clock = f"{self._tag}:clock"
        self.backlog = f"{self._tag}:backlog"
        self.starts = f"{self._tag}:starts"
        self.served = f"{self._tag}:served"
        self.webhooks = f"{self._tag}:webhooks"
        self.dead_deliveries = f"{self._tag}:webhooks-lost"
        self.ended_counts = f"{self._tag}:tally"
        self.looks = f"{self._tag}:looks"
        self.heavy = f"{self._tag}:heavy"
        self.replicated = f"{self._tag}:replicated"
        self.event_channel = f"{self._tag}:announcements"
        self.wakeup_channel = f"{self._tag}:nudges"

    def job(self, job_id: str) -> str:
        """The record, a hash."""
        return f"{self._tag}:job:{job_id}"

    def events(self, job_id: str) -> str:
        """The event log, a stream."""
        return f"{self._tag}:events:{job_id}"

    def idempotency(self, digest: str) -> str:
        """What is known of an idempotency key, a hash."""
        return f"{self._tag}:idempotency:{digest}"

    def webhook(self, job_id: str) -> str:
        """The delivery to the tenant's receiver, a hash."""
        return f"{self._tag}:webhook:{job_id}"

    def tenants_jobs(self, tenant: str) -> str:
        """The jobs of a tenant by when they were submitted, a sorted set."""
        return f"{self._tag}:jobs-of:{hashlib.sha256(tenant.encode()).hexdigest()}"

    def endpoint_gone(self, tenant: str, url: str) -> str:
        """Set while a tenant's endpoint, a URL without its query, is known to be gone; for other tenants it is not."""
        digest = hashlib.sha256(f"{tenant}\n{url.partition('?')[0]}".encode()).hexdigest()
        return f"{self._tag}:webhook-gone:{digest}"

    def of_job(self, job_id: str) -> list[str]:
        """The keys of every script about one job, in the order that `lua/job.lua` says."""
        sets = [self.waiting, self.leases, self.delayed, self.deadlines]
        webhooks = [self.webhook(job_id), self.webhooks, self.dead_deliveries]
        return [
            *(self.job(job_id), self.events(job_id), *sets, self.durations, self.dead_jobs, self.clock),
            *(*webhooks, self.backlog, self.starts, self.served, self.ended_counts, self.looks, self.heavy),
        ]


class RedisConnection:
    """One process's connection to the job store's server. Connects when it is first used."""

    def __init__(self, settings: JobStoreSettings) -> None:
        self.keys = Keys(settings.joblog_namespace)
        self.client = redis_client(settings, retries=1)
        """For commands that answer at once. One retry, since a restarted server leaves dead connections in the pool."""
        self.listener = redis_client(settings, retries=0)
        """For subscriptions: a broken one must be noticed, not reconnected silently."""
        self._timeout = settings.redis_timeout_seconds
        self._replicas = settings.redis_wait_replicas
        self._scripts: dict[str, AsyncScript] = {}

    async def run(self, script: str, job_id: str, *args: str | float, extra_keys: Sequence[str] = ()) -> Any:  # noqa: ANN401 - each script answers in its own way
        """Runs a script about one job; raises Unavailable. Every script may be repeated after a lost answer."""
        keys = [*self.keys.of_job(job_id), *extra_keys]
        channels = (self.keys.event_channel, self.keys.wakeup_channel)
        ready, values = self._script(script, "job"), [job_id, *channels, *args]
        with guarded():
            if self._replicas and script in REPLICATED:
                return await self._replicated(ready, keys, values)
            return await ready(keys, values)

    async def _replicated(self, script: AsyncScript, keys: list[str], values: list[str | float]) -> Any:  # noqa: ANN401 - as run
        """Runs a script, and waits until replicas have its writes; also where it is repeated and has written before."""
        async with self.client.pipeline(transaction=False) as pipeline:
            await script(keys, values, client=pipeline)
            # WAIT looks at writes of this connection alone, and a repeated script writes nothing
            pipeline.set(self.keys.replicated, "", px=60_000)
            pipeline.execute_command("WAIT", self._replicas, round(self._timeout * 500))
            answer, _written, replicas = await pipeline.execute()
        if replicas < self._replicas:
            raise RedisTimeoutError(f"{replicas} of {self._replicas} replicas have what was written")
        return answer

    async def run_with_retries(
        self, script: str, job_id: str, *args: str | float, seconds_left: Callable[[], float]
    ) -> Any:  # noqa: ANN401 - as run
        """Runs a script until it is answered; raises Unavailable where it is not while there are seconds left."""
        backoff = Backoff()
        while True:
            try:
                return await self.run(script, job_id, *args)
            except Unavailable:
                if seconds_left() <= 0:
                    raise
                await backoff.wait()

    async def peek(self) -> str | None:
        """The job that a worker should claim now; None where there is none. Raises Unavailable."""
        with guarded():
            job_id: str | None = await self._script("peek")([self.keys.waiting, self.keys.leases])
            return job_id

    async def atomically(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """The answers of commands that run as one transaction; raises Unavailable."""
        with guarded():
            async with self.client.pipeline(transaction=len(commands) > 1) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                return await pipeline.execute()

    async def now(self) -> int:
        """The server's clock, in ms since the epoch; raises Unavailable."""
        ((seconds, microseconds),) = await self.atomically(("TIME",))
        return int(seconds * 1000 + microseconds // 1000)

    async def due(self, key: str, *, limit: int) -> list[str]:
        """Members of a sorted set of times whose time has come, the earliest first; raises Unavailable."""
        (members,) = await self.atomically(("ZRANGEBYSCORE", key, "-inf", await self.now(), "LIMIT", 0, limit))
        return list(members)

    async def is_endpoint_gone(self, tenant: str, url: str) -> bool:
        """Whether a tenant's receiver is known to be gone; raises Unavailable."""
        (found,) = await self.atomically(("EXISTS", self.keys.endpoint_gone(tenant, url)))
        return bool(found)

    @asynccontextmanager
    async def subscribed(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """What is published on a channel from entering the context on; entering and iterating raise Unavailable."""
        with guarded():
            async with self.listener.pubsub() as subscription:
                with guarded():  # once more: a cancellation that is lost here would be missed until the context is left
                    await subscription.subscribe(channel)
                    if await subscription.get_message(timeout=self._timeout) is None:
                        raise RedisTimeoutError("the server does not confirm a subscription")
                if isinstance(pool := self.client.connection_pool, PrimaryPool):
                    pool.ask_again()  # what was missed is read now, and a former primary would not have it
                yield self._published(subscription)

    async def _published(self, subscription: PubSub) -> AsyncIterator[str]:
        """Where it is silent, the server is asked whether it is alive, and others whether it is still the primary."""
        with guarded():
            while True:
                message = await subscription.get_message(timeout=self._timeout)
                if message is None:
                    await subscription.ping()
                    message = await subscription.get_message(timeout=self._timeout)
                    if message is None:
                        raise RedisTimeoutError("the server of a subscription does not answer")
                    pool = self.listener.connection_pool
                    if isinstance(pool, PrimaryPool) and await pool.has_moved(subscription.connection):
                        raise RedisConnectionError("another server is the primary now")
                if message["type"] == "message":
                    yield message["data"]

    async def check(self) -> None:
        """Raises Unavailable where the server does not answer."""
        with guarded():
            await self.client.ping()

    async def close(self) -> None:
        """Closes connections."""
        await self.client.aclose()
        await self.listener.aclose()

    def _script(self, *names: str) -> AsyncScript:
        """The named script, with the files after it in front of it."""
        name = names[0]
        if name not in self._scripts:
            text = "\n".join((_LUA / f"{part}.lua").read_text() for part in reversed(names))
            self._scripts[name] = self.client.register_script(text)
        return self._scripts[name]


class RedisRole:
    """A role of the job store, with a connection of its own."""

    def __init__(self, settings: JobStoreSettings) -> None:
        self._redis = RedisConnection(settings)

    async def check(self) -> None:
        """Raises Unavailable where the server does not answer."""
        await self._redis.check()

    async def close(self) -> None:
        """Closes connections."""
        await self._redis.close()


@contextmanager
def guarded() -> Iterator[None]:
    """Around commands: any error of the server becomes Unavailable, and a cancellation is never lost.

    On Python 3.11 `asyncio.wait_for`, which the client writes with, swallows a cancellation that comes just as the
    write ends (fixed in 3.12); a loop around commands would then never stop.
    """
    task = asyncio.current_task()
    cancellations = task.cancelling() if task else 0
    try:
        yield
    except (RedisError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and UVLOOP_CLOSED not in str(error):
            raise
        ERRORS.labels(_kind(error)).inc()
        if isinstance(error, MovedError | AskError | ClusterDownError):
            log.critical(
                "MODOMO_REDIS_URL names a node of a Redis Cluster: write redis+cluster://, with TLS rediss+cluster://"
            )
        elif _kind(error) == "refused":
            log.exception("the job store refused a command")
        raise catalog.store_unavailable() from error
    finally:
        if task and task.cancelling() > cancellations:
            raise asyncio.CancelledError


def _kind(error: RedisError | RuntimeError) -> str:
    if isinstance(error, RedisTimeoutError):
        return "timeout"
    return "connection" if isinstance(error, RedisConnectionError | RuntimeError) else "refused"
