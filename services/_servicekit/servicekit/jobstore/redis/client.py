"""Clients of Redis or Valkey: of one server, or of whichever node is the primary now, as Sentinel or a Cluster says."""

import time
from contextlib import suppress
from itertools import chain
from typing import Any, Final, Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool, SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, ReadOnlyError, RedisError, ResponseError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from servicekit.jobstore.redis.address import RedisAddress, parse_address
from servicekit.jobstore.redis.settings import JobStoreSettings

MAX_CONNECTIONS: Final = 32

ASK_AGAIN_SECONDS: Final = 1.0
"""How long a pool goes by what it was told of the primary; no failover is much faster."""

_COMMON: Final[dict[str, Any]] = {
    "decode_responses": True,
    "protocol": 2,  # the one that every server, proxy and managed offer speaks
}
_NOT_THE_PRIMARY: Final = (AskError, ClusterDownError, ReadOnlyError, TryAgainError)
"""With their subclasses MovedError and MasterDownError."""
_TOO_FEW_REPLICAS: Final = "NOREPLICAS"
"""Says a primary that is cut off from its replicas, where `min-replicas-to-write` is set: another may be one now."""


def redis_client(settings: JobStoreSettings, *, retries: int) -> Redis:
    """A client with the settings' timeouts; `retries` is how often it repeats a command whose connection broke."""
    limits: dict[str, Any] = {
        "max_connections": MAX_CONNECTIONS,
        "timeout": settings.redis_timeout_seconds,
        "socket_timeout": settings.redis_timeout_seconds,
        "socket_connect_timeout": settings.redis_timeout_seconds,
        "retry": _retries(retries),
        **_COMMON,
    }
    if settings.redis_password:
        limits["password"] = settings.redis_password
    address = parse_address(settings.redis_url)
    if address is None:
        return Redis.from_pool(BlockingConnectionPool.from_url(settings.redis_url, **limits))
    return Redis.from_pool(
        PrimaryPool(
            service_name=address.service or f"{{{settings.joblog_namespace}}}",
            sentinel_manager=_directory(address, settings),
            connection_class=_TlsPrimaryConnection if address.tls else _PrimaryConnection,
            **(limits | address.options),
        )
    )


class PrimaryDirectory(Protocol):
    """Knows which node is the primary; redis-py's Sentinel is one."""

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Host and port of the primary; raises redis.exceptions.ConnectionError where nobody knows it."""

    async def aclose(self) -> None:
        """Closes connections."""


class ClusterDirectory:
    """Asks the nodes of a Cluster for the primary of a slot. A job store lies in one slot, so one primary is enough."""

    def __init__(self, address: RedisAddress, options: dict[str, Any]) -> None:
        self._seeds = list(address.nodes)
        self._nodes = list(address.nodes)
        self._options = options

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Of the slot of the key `service_name`; raises ConnectionError."""
        slot, problems = key_slot(service_name.encode()), []
        for host, port in tuple(self._nodes):
            # another comes first next time: this one may be cut off from the rest
            self._nodes.append(self._nodes.pop(0))
            try:
                async with Redis(host=host, port=port, **self._options) as node:
                    ranges = await node.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call] # by redis-py
            except RedisError as error:
                problems.append(f"{host}:{port}: {error}")
                continue
            # a range is its first slot, its last, its primary and its replicas; who has no name is the node asked
            servers = {first: [(name or host, int(at)) for name, at, *_ in found] for first, _last, *found in ranges}
            self._nodes = list(dict.fromkeys([*chain.from_iterable(servers.values()), *self._seeds]))
            for first, last, *_ in ranges:
                if first <= slot <= last:
                    return servers[first][0]
            problems.append(f"{host}:{port}: no node has slot {slot}")
        raise RedisConnectionError(f"no node of the Cluster names a primary ({'; '.join(problems)})")

    async def aclose(self) -> None:
        """Nothing is kept open."""


class PrimaryPool(BlockingConnectionPool, SentinelConnectionPool):
    """Connections to the primary, for which each asks when it is made. If it has moved, the others follow when used.

    It is asked for as well before one is used again, where the last answer is ASK_AGAIN_SECONDS old: a former primary
    that wakes up or is cut off goes on for a while, and nobody who used it before would notice.
    """

    _asked_at = 0.0

    async def get_master_address(self) -> tuple[str, int]:
        """Asks for the primary; raises RedisError.

        redis-py closes idle connections here, also one that somebody else takes out of the pool at the same time.
        """
        self._asked_at = time.monotonic()
        directory: PrimaryDirectory = self.sentinel_manager
        self.master_address = primary = await directory.discover_master(self.service_name)
        return primary

    def ask_again(self) -> None:
        """Has the next use of a connection ask for the primary, however old the last answer is."""
        self._asked_at = 0.0

    async def has_moved(self, connection: Any) -> bool:  # noqa: ANN401 - whatever the client calls a connection
        """Whether another node than that of a connection is known to be the primary."""
        if time.monotonic() > self._asked_at + ASK_AGAIN_SECONDS:
            with suppress(RedisError):  # who cannot be asked has nothing to say against it
                await self.get_master_address()
        return (connection.host, connection.port) != self.master_address

    async def ensure_connection(self, connection: Any) -> None:  # noqa: ANN401 - as the method that it stands for
        """Connects it where it is not connected, or not to the primary."""
        if connection.is_connected and await self.has_moved(connection):
            await connection.disconnect()
        await super().ensure_connection(connection)

    async def aclose(self) -> None:
        """Closes connections, also those to Sentinels."""
        await super().aclose()
        directory: PrimaryDirectory = self.sentinel_manager
        await directory.aclose()


class _PrimaryConnection(SentinelManagedConnection):
    """Ends where the server says that it is not the primary (any more), so that the primary is asked for anew."""

    async def read_response(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as the method that it stands for
        try:
            return await super().read_response(*args, **options)
        except ResponseError as error:
            if isinstance(error, _NOT_THE_PRIMARY) or str(error).startswith(_TOO_FEW_REPLICAS):
                await self.disconnect()
                raise RedisConnectionError(f"{self.host}:{self.port} is not the primary: {error}") from error
            raise


class _TlsPrimaryConnection(_PrimaryConnection, SSLConnection):
    """The same with TLS."""


def _directory(address: RedisAddress, settings: JobStoreSettings) -> PrimaryDirectory:
    limit = settings.redis_timeout_seconds / len(address.nodes)  # one may hang, and the next is still asked in time
    options: dict[str, Any] = {
        "socket_timeout": limit,
        "socket_connect_timeout": limit,
        "retry": _retries(0),
        "ssl": address.tls,
        **{name: value for name, value in address.options.items() if name.startswith("ssl_")},
        **_COMMON,
    }
    if address.service:
        password = {"password": settings.redis_sentinel_password} if settings.redis_sentinel_password else {}
        sentinel: PrimaryDirectory = Sentinel(  # type: ignore[no-untyped-call] # redis-py has no types here
            list(address.nodes), sentinel_kwargs=options | password
        )
        return sentinel
    own = {"password": settings.redis_password} if settings.redis_password else {}
    login = {name: address.options[name] for name in ("username", "password") if name in address.options}
    return ClusterDirectory(address, options | own | login)


def _retries(count: int) -> Retry:
    return Retry(NoBackoff(), count, supported_errors=(RedisConnectionError,))
