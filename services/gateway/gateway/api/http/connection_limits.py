"""How many connections there may be: in all, and from one address. Those that wait for nothing make room."""

import ipaddress
import time
from collections import Counter
from typing import Final, Protocol

from servicekit.observability import logs

log = logs.get(__name__)

REFUSAL: Final = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOLD_SECONDS: Final = 60.0
_IPV6_PREFIX: Final = 64
"""What one client has (RFC 6177)."""


class Connection(Protocol):
    """One client's."""

    @property
    def address(self) -> str:
        """The peer's IP address; empty where it has none."""

    def abort(self) -> None:
        """Ends it at once."""


class ConnectionLimits:
    """Counts the connections of a server, WebSockets included.

    A connection is idle while no request of it is answered: until its first one has a whole head, and between two.
    Where there are too many, the one that has been idle for longest is ended, of the same address where that has too
    many. Where none is idle, the new one is refused.
    """

    def __init__(self, *, total: int, per_address: int, trusted_proxies: str) -> None:
        """Addresses of `trusted_proxies`, separated by commas, `*` for all, have as many as there may be in all."""
        self._total = total
        self._per_address = per_address
        self._all_trusted = trusted_proxies == "*"
        self._trusted = [network for name in trusted_proxies.split(",") if (network := _network(name.strip()))]
        self._open: dict[Connection, str] = {}
        """With the client that each is counted for: an IPv4 address, or a network of IPv6 ones, as one client has."""
        self._by_client: Counter[str] = Counter()
        self._idle: dict[Connection, None] = {}
        """The one that has been idle for longest first."""
        self._told_at = float("-inf")

    def add(self, connection: Connection) -> bool:
        """Counts a new connection; False, and not counted, where there is no room."""
        client = _client(connection.address)
        if self._by_client[client] >= self._per_address and not self._is_proxy(connection.address):
            if not self._end_idle(client):
                return self._refused("from one address; if it is a proxy's, trusted_proxies should name it")
        elif len(self._open) >= self._total and not self._end_idle():
            return self._refused("in all")
        self._open[connection] = client
        self._by_client[client] += 1
        self._idle[connection] = None
        return True

    def busy(self, connection: Connection) -> None:
        """A request of it is being answered."""
        self._idle.pop(connection, None)

    def idle(self, connection: Connection) -> None:
        """All its requests are answered."""
        if connection in self._open:
            self._idle[connection] = None

    def remove(self, connection: Connection) -> None:
        """It has ended; nothing happens where it was not counted, or not any more."""
        client = self._open.pop(connection, None)
        if client is not None:
            self._idle.pop(connection, None)
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]

    def _end_idle(self, client: str | None = None) -> bool:
        """Ends the connection that has been idle for longest, of this client or of any; whether there was one."""
        oldest = next((one for one in self._idle if client in (None, self._open[one])), None)
        if oldest is None:
            return False
        self.remove(oldest)
        oldest.abort()
        return True

    def _refused(self, which: str) -> bool:
        """Says so, once a minute."""
        if time.monotonic() - self._told_at > _TOLD_SECONDS:
            self._told_at = time.monotonic()
            log.warning("connections are refused", too_many=which)
        return False

    def _is_proxy(self, address: str) -> bool:
        if self._all_trusted or not address:
            return True
        peer = ipaddress.ip_address(address)
        return any(peer in network for network in self._trusted)


def _client(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, _IPV6_PREFIX), strict=False)) if ip.version == 6 else address


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(name)
    except ValueError:  # uvicorn takes what is no address for a name that no peer has
        return None
