"""Addresses of Redis or Valkey as operators write them: one server, Sentinels that know the primary, or a Cluster."""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio.connection import parse_url

SERVER_SCHEMES: Final = ("redis", "rediss", "unix")
SENTINEL_SCHEMES: Final = ("redis+sentinel", "rediss+sentinel")
CLUSTER_SCHEMES: Final = ("redis+cluster", "rediss+cluster")

_FORMS: Final = (
    "redis_url must be redis://host:6379/0, redis+sentinel://host:26379,host2:26379/SERVICE/0 or "
    "redis+cluster://host:6379,host2:6379, with rediss for TLS, or unix://PATH"
)


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """Several nodes of which one at a time is the primary that the job store needs."""

    nodes: tuple[tuple[str, int], ...]
    """Hosts and ports: of the Sentinels, or of nodes of the Cluster."""

    service: str
    """The name under which the Sentinels watch the primary; empty for a Cluster."""

    tls: bool

    options: dict[str, Any] = field(repr=False)
    """Keyword arguments of every connection to the store: user, password, database, what the query names."""


def parse_address(url: str) -> RedisAddress | None:
    """None for an address of one server; raises ValueError, whose text shows nothing of the address."""
    try:
        parts = urlsplit(url)
        if parts.scheme in SERVER_SCHEMES:
            return None
        path = [unquote(part) for part in parts.path.split("/")[1:] if part]
        if parts.scheme in SENTINEL_SCHEMES and len(path) in (1, 2):
            return _address(parts, 26379, service=path[0], database=int(path[1]) if path[1:] else 0)
        if parts.scheme in CLUSTER_SCHEMES and path in ([], ["0"]):
            return _address(parts, 6379)
    except ValueError:
        raise ValueError(_FORMS) from None  # its text may hold the password
    raise ValueError(_FORMS)


def _address(parts: SplitResult, default_port: int, *, service: str = "", database: int = 0) -> RedisAddress:
    user, _at, hosts = parts.netloc.rpartition("@")
    nodes = [urlsplit(f"//{host}") for host in hosts.split(",")]
    tls = parts.scheme.startswith("rediss")
    # the client's own parser reads the query, as it does for an address of one server
    one = parts._replace(scheme="rediss" if tls else "redis", netloc=f"{user}@host" if user else "host", path="")
    options: dict[str, Any] = {**parse_url(one.geturl())}
    for name in ("host", "connection_class"):
        options.pop(name, None)
    if not all(node.hostname for node in nodes):
        raise ValueError(_FORMS)
    return RedisAddress(
        nodes=tuple((str(node.hostname), node.port or default_port) for node in nodes),
        service=service,
        tls=tls,
        options={"db": database, **options},
    )
