"""Who is on the other side of a call."""

import pytest

from servicekit.rpc.context import peer_host


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("ipv4:10.0.0.1:4711", "10.0.0.1"),
        ("ipv6:%5B2001:db8::1%5D:4711", "2001:db8::1"),
        ("ipv6:[::ffff:10.0.0.1]:4711", "::ffff:10.0.0.1"),
        ("unix:/run/modomo.sock", "unix:/run/modomo.sock"),
        ("unknown", "unknown"),
    ],
)
def test_the_address_of_a_peer_is_without_its_port(peer: str, host: str) -> None:
    assert peer_host(peer) == host
