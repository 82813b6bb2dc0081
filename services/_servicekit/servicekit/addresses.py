"""IP addresses as clients are counted by them."""

import ipaddress
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV6_PREFIX: Final = 64
"""What one client has, and may choose its addresses from (RFC 6177)."""


def parse(text: str) -> Address | None:
    """The address that a text is, None where it is none; an IPv4 address that is written as IPv6 is the former."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def one_client(text: str) -> str:
    """What counts as one client: an IPv4 address, the network of an IPv6 one; what is no address stays as it is."""
    address = parse(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return text if address is None else str(address)
