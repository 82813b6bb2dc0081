"""Where a service may connect to on behalf of a stranger, who may name any address: guards against SSRF.

An address is public or it is not called, whatever name or spelling it hides behind:

- `destination` refuses what is wrong with the text of a URL. Nothing is looked up.
- `Destinations.resolve` looks the name up once and refuses it where one of its addresses is not public. Connect to
  what it returns, not to the name: a second look-up might say something else (DNS rebinding).

Networks that are allowed all the same come from a setting; plain HTTP is for these alone.
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_URL_LENGTH: Final = 2048
LOOKUPS_AT_ONCE: Final = 16

_VISIBLE: Final = re.compile(r"[!-~]+", re.ASCII)
_NAME: Final = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?", re.ASCII)
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)\.?", re.ASCII)
"""A name whose last label is one of these is an IPv4 address to some part of every system (WHATWG URL, 3.5)."""

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: Final[tuple[Network, ...]] = (
    IPv4Network("100.64.0.0/10"),  # shared by carriers and clouds (RFC 6598)
    IPv4Network("168.63.129.16/32"),  # Azure's host, though it looks public
    IPv4Network("192.0.0.0/24"),  # protocol assignments, among them Oracle's metadata
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("2001::/23"),  # protocol assignments, among them Teredo, which holds an IPv4 address
    IPv6Network("2002::/16"),  # 6to4, which holds an IPv4 address
    IPv6Network("3fff::/20"),  # documentation
)


class Forbidden(Exception):  # noqa: N818 - says what is the case; whoever asked decides whether that is an error
    """A URL or an address that must not be called; the text is a sentence for whoever named it."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A URL, taken apart."""

    scheme: str
    """`https`, or `http` where private networks are allowed."""

    host: str
    """A name or an IP address, lower case, without brackets."""

    port: int

    url: str
    """As it was given."""


class Destinations:
    """What may be called."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        """`networks` are allowed though they are not public, `10.0.0.0/8`; ValueError for what is none."""
        self._allowed = tuple(ip_network(network) for network in networks)
        self._resolvers = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="resolver")
        """Of its own: a stranger's name server may be as slow as it likes and holds up nobody else."""

    def destination(self, url: str) -> Destination:
        """Takes a URL apart; raises Forbidden."""
        if len(url) > MAX_URL_LENGTH:
            raise Forbidden(f"must have at most {MAX_URL_LENGTH} characters.")
        if not _VISIBLE.fullmatch(url) or "\\" in url:
            raise Forbidden("must be an absolute URL in printable ASCII.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Forbidden("is not a URL.") from error
        host = (parts.hostname or "").lower()
        self._check_parts(parts, host, port)
        literal = _literal(host)
        if literal is not None:
            self._check(literal, plain=parts.scheme == "http")
        default = 443 if parts.scheme == "https" else 80
        return Destination(scheme=parts.scheme, host=host, port=port or default, url=url)

    async def resolve(self, destination: Destination) -> list[str]:
        """Every address of a destination, each checked; raises Forbidden, OSError where there is none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._resolvers,
            lambda: socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM),
        )
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            self._check(ip_address(address), plain=destination.scheme == "http")
        return addresses

    def _check_parts(self, parts: SplitResult, host: str, port: int | None) -> None:
        if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not self._allowed):
            raise Forbidden("must begin with https://.")
        if parts.username is not None or parts.password is not None:
            raise Forbidden("must hold no user name and no password.")
        if parts.fragment:
            raise Forbidden("must have no fragment.")
        if port == 0:
            raise Forbidden("must have a port from 1 to 65535.")
        if _literal(host) is None and not _NAME.fullmatch(host):
            raise Forbidden("must name a host.")

    def _check(self, address: Address, *, plain: bool) -> None:
        allowed = any(address in network for network in self._allowed)
        if not allowed and (plain or not is_public(address)):
            raise Forbidden("leads to an address that is not public.")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet, also when it is an IPv4 address inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or (_last_32_bits(address) if address in _NAT64 else None)
        if inside is not None:
            return is_public(inside)
        if address not in _GLOBAL_UNICAST or address.scope_id:
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _literal(host: str) -> Address | None:
    """The address that a host is; raises Forbidden for a spelling that only some parts of a system understand."""
    try:
        return ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise Forbidden("must write an IPv4 address as four decimal numbers.") from None
        return None


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
