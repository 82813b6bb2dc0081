"""Guards against SSRF: a tenant names any URL, and a service connects only to addresses that are public.

- `AddressPolicy.parse` refuses a URL by its text alone, without a look-up.
- `AddressPolicy.resolve` looks the name up once and refuses it where one of its addresses is not public. Connect to
  what it returns, not to the name: a second look-up might say something else (DNS rebinding).

A setting allows further networks; plain HTTP is allowed to these alone.
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit
from weakref import WeakValueDictionary

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_URL_LENGTH: Final = 2048
LOOKUPS_AT_ONCE: Final = 32
LOOKUPS_OF_A_TENANT: Final = 4
"""Of these. A look-up cannot be cut short: a slow name server holds it for half a minute, whoever waits for it."""

_VISIBLE: Final = re.compile(r"[!-~]+", re.ASCII)
_NAME: Final = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?", re.ASCII)
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)\.?", re.ASCII)
"""A name whose last label is such a number is an IPv4 address to parts of every system (WHATWG URL, 3.5)."""

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


class AddressRefused(Exception):  # noqa: N818 - says what is the case; whoever asked decides whether that is an error
    """A URL or an address that must not be called; the text is the rest of a sentence that begins with the field."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The parts of a URL that was accepted."""

    scheme: str
    """`https`, or `http` where private networks are allowed."""

    host: str
    """A name or an IP address, lower case, without brackets."""

    port: int

    url: str
    """As it was given."""


class AddressPolicy:
    """Which URLs and addresses may be called."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        """`networks`, such as `10.0.0.0/8`, are allowed though not public; raises ValueError for a malformed one."""
        self._allowed = tuple(ip_network(network) for network in networks)
        self._resolvers = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="resolver")
        """Threads of its own, so that a tenant's slow name server delays nothing but other look-ups of this kind."""
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """By tenant, for as long as it looks up anything."""

    def parse(self, url: str) -> Endpoint:
        """Parses a URL; raises AddressRefused."""
        if len(url) > MAX_URL_LENGTH:
            raise AddressRefused(f"must have at most {MAX_URL_LENGTH} characters.")
        if not _VISIBLE.fullmatch(url) or "\\" in url:
            raise AddressRefused("must be an absolute URL in printable ASCII.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressRefused("is not a URL.") from error
        host = (parts.hostname or "").lower()
        self._check_parts(parts, host, port)
        literal = _literal(host)
        if literal is not None:
            self._check(literal, plain=parts.scheme == "http")
        default = 443 if parts.scheme == "https" else 80
        return Endpoint(scheme=parts.scheme, host=host, port=port or default, url=url)

    async def resolve(self, endpoint: Endpoint, *, tenant: str = "") -> list[str]:
        """Every address of the host, each checked; raises AddressRefused, OSError where there is none.

        Waits while the tenant has as many look-ups under way as it may.
        """
        share = self._shares.setdefault(tenant, asyncio.Semaphore(LOOKUPS_OF_A_TENANT))
        await share.acquire()
        lookup = self._resolvers.submit(socket.getaddrinfo, endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        lookup.add_done_callback(partial(_release, asyncio.get_running_loop(), share))
        found = await asyncio.wrap_future(lookup)
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            self._check(ip_address(address), plain=endpoint.scheme == "http")
        return addresses

    def _check_parts(self, parts: SplitResult, host: str, port: int | None) -> None:
        if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not self._allowed):
            raise AddressRefused("must begin with https://.")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("must hold no user name and no password.")
        if parts.fragment:
            raise AddressRefused("must have no fragment.")
        if port == 0:
            raise AddressRefused("must have a port from 1 to 65535.")
        if _literal(host) is None and not _NAME.fullmatch(host):
            raise AddressRefused("must name a host.")

    def _check(self, address: Address, *, plain: bool) -> None:
        allowed = any(address in network for network in self._allowed)
        if not allowed and (plain or not is_public(address)):
            raise AddressRefused("leads to an address that is not public.")


def _release(loop: asyncio.AbstractEventLoop, share: asyncio.Semaphore, _lookup: object) -> None:
    """Gives a look-up's place back when it has ended, also where nobody waits for it any more."""
    with suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(share.release)


def is_public(address: Address) -> bool:
    """Whether an address is on the public Internet; an IPv4 address inside an IPv6 one is judged by itself."""
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
    """The IP address that a host is, or None for a name; raises AddressRefused for ambiguous spellings of IPv4."""
    try:
        return ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise AddressRefused("must write an IPv4 address as four decimal numbers.") from None
        return None


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
