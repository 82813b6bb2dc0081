"""Which address of `X-Forwarded-For` counts, by where proxies write it and where clients can."""

import pytest

from gateway.api.settings import ApiSettings
from gateway.api.trusted_proxies import TrustedProxies

PEER = "10.0.0.9"


@pytest.mark.parametrize(
    ("names", "forwarded_for", "client"),
    [
        # one proxy, which adds whom it was asked by behind what the client has sent
        ("10.0.0.9", [], PEER),
        ("10.0.0.9", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.9", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.9", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("*", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("*", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("*", ["203.0.113.7"], "203.0.113.7"),
        ("*", [], PEER),
        # two proxies
        ("10.0.0.0/8", ["198.51.100.1, 203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        ("10.0.0.9, 10.0.0.8", ["198.51.100.1, 203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        ("10.0.0.9", ["203.0.113.7, 10.0.0.8"], "10.0.0.8"),
        # the caller is one of our own machines
        ("10.0.0.0/8", ["10.1.1.1, 10.0.0.8"], "10.1.1.1"),
        # ports, other spellings, no addresses at all
        ("*", ["203.0.113.7:4711"], "203.0.113.7"),
        ("*", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("*", ["2001:db8::1"], "2001:db8::1"),
        ("*", ["198.51.100.1, unknown"], PEER),
        ("*", ["198.51.100.1,"], PEER),
        ("10.0.0.0/8", ["198.51.100.1, _hidden, 10.0.0.8"], "10.0.0.8"),
        # who is not trusted says nothing of others
        ("10.0.0.8", ["203.0.113.7"], PEER),
        ("", ["203.0.113.7"], PEER),
    ],
)
def test_a_client_does_not_choose_its_address(names: str, forwarded_for: list[str], client: str) -> None:
    assert TrustedProxies(names).client(PEER, forwarded_for) == client


def test_an_address_in_another_spelling_is_the_same_proxy() -> None:
    assert "::ffff:10.0.0.9" in TrustedProxies("10.0.0.0/8")
    assert "testclient" not in TrustedProxies("10.0.0.0/8")


@pytest.mark.parametrize("names", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "*, 10.0.0.1", "10.0.0.1 10.0.0.2"])
def test_what_names_nobody_is_refused_at_the_start(names: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        ApiSettings(trusted_proxies=names)
