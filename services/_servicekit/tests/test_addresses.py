"""What counts as one client."""

import pytest

from servicekit.addresses import one_client, parse


@pytest.mark.parametrize(
    ("addresses", "client"),
    [
        (["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107"], "203.0.113.7"),
        (["2001:db8::1", "2001:db8::ffff:1", "2001:DB8:0:0:1::"], "2001:db8::/64"),
        (["fe80::1%eth0"], "fe80::/64"),
        (["unix:/run/socket"], "unix:/run/socket"),
        ([""], ""),
    ],
)
def test_addresses_that_one_client_may_choose_from_are_one(addresses: list[str], client: str) -> None:
    assert {one_client(address) for address in addresses} == {client}


def test_networks_of_two_clients_are_two() -> None:
    assert one_client("2001:db8::1") != one_client("2001:db8:0:1::1")


@pytest.mark.parametrize("text", ["", "localhost", "203.0.113.256", "203.0.113.7:80", "[::1]", "0x7f.1", "1"])
def test_what_is_no_address(text: str) -> None:
    assert parse(text) is None
