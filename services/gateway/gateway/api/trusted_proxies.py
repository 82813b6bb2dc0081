"""Where a request comes from: the peer, or whom the proxies name that are trusted."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from servicekit import addresses

EVERYBODY: Final = "*"


class TrustedProxies:
    """Addresses whose `X-Forwarded-*` headers are believed."""

    def __init__(self, names: str) -> None:
        """Addresses and networks, separated by commas, or `*` for all; raises ValueError for anything else."""
        self._all = names.strip() == EVERYBODY
        given = [] if self._all else [name.strip() for name in names.split(",")]
        self._networks = [_network(name) for name in given if name]

    def __contains__(self, address: str) -> bool:
        """Whether a peer is trusted."""
        if self._all:
            return True
        peer = addresses.parse(address)
        return peer is not None and any(peer in network for network in self._networks)

    def client(self, peer: str, forwarded_for: Iterable[str]) -> str:
        """The address that a peer passes a request on for, by its `X-Forwarded-For` lines in their order.

        A proxy adds the address that it was asked from behind whatever the client has sent. So what counts is the last
        address that is no trusted proxy's, and with `*` the very last: how many proxies there are is unknown then, and
        whatever lies further ahead may be the client's own invention. An entry may carry a port.
        """
        named = [name for line in forwarded_for for name in line.split(",")] if peer in self else []
        found = peer
        for name in reversed(named):
            address = _without_port(name.strip())
            if addresses.parse(address) is None:
                break  # `unknown`, or none at all: whoever named it is the last that is known
            found = address
            if self._all or address not in self:
                break
        return found


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(name)
    except ValueError as error:
        message = f"trusted_proxies has {name!r}, which is no IP address and no network (10.0.0.0/8)"
        raise ValueError(message) from error


def _without_port(name: str) -> str:
    """`192.0.2.1:80` and `[2001:db8::1]:80` without their ports."""
    if name.startswith("["):
        return name[1:].partition("]")[0]
    host, _, port = name.partition(":")
    return host if port.isdigit() and "." in host else name
