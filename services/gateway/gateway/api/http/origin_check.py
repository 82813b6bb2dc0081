"""Whose pages may open a WebSocket: browsers apply no same-origin policy to them (RFC 6455, 10.2)."""

from collections.abc import Collection
from urllib.parse import urlsplit


def allowed(origin: str, *, base: str, others: Collection[str]) -> bool:
    """Whether a page of this origin may; empty is no browser. `base` is the gateway's own `https://host`."""
    if not origin or "*" in others:
        return True
    return _same(origin, base) or any(_same(origin, other) for other in others)


def _same(one: str, other: str) -> bool:
    try:
        left, right = urlsplit(one), urlsplit(other)
        return (left.scheme, left.hostname, _port(left.scheme, left.port)) == (
            right.scheme,
            right.hostname,
            _port(right.scheme, right.port),
        )
    except ValueError:
        return False


def _port(scheme: str, port: int | None) -> int | None:
    return port if port is not None else {"http": 80, "https": 443}.get(scheme)
