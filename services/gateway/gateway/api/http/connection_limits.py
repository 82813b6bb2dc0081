"""How many connections there may be: in all, and from one address. Those that wait for nothing make room."""

import time
from collections import Counter
from typing import Final, Protocol

from gateway.api.trusted_proxies import TrustedProxies
from servicekit.addresses import one_client
from servicekit.observability import logs

log = logs.get(__name__)

REFUSAL: Final = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOLD_SECONDS: Final = 60.0


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

    def __init__(self, *, total: int, per_address: int, proxies: TrustedProxies) -> None:
        """Trusted proxies have as many as there may be in all."""
        self._total = total
        self._per_address = per_address
        self._proxies = proxies
        self._open: dict[Connection, str] = {}
        """With the client that each is counted for: an IPv4 address, or a network of IPv6 ones, as one client has."""
        self._by_client: Counter[str] = Counter()
        self._idle: dict[Connection, None] = {}
        """The one that has been idle for longest first."""
        self._told_at = float("-inf")

    def add(self, connection: Connection) -> bool:
        """Counts a new connection; False, and not counted, where there is no room."""
        client = one_client(connection.address)
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
        return not address or address in self._proxies
