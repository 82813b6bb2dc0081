"""What may be called on behalf of a stranger, and all the ways to hide what may not."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from servicekit.webhooks.ssrf import AddressPolicy, AddressRefused, is_public

INTERNET = AddressPolicy()
CLUSTER = AddressPolicy(["127.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    "url",
    [
        "https://receiver.example/hooks",
        "https://receiver.example:8443/a?b=c",
        "https://xn--bcher-kva.example",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://receiver.example./",
        "https://a_b.receiver.example/",
    ],
)
def test_public_urls_are_allowed(url: str) -> None:
    assert INTERNET.parse(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "receiver.example/hooks",
        "//receiver.example/hooks",
        "ftp://receiver.example/",
        "http://receiver.example/",
        "file:///etc/passwd",
        "gopher://receiver.example/",
        "https://",
        "https:///path",
        "https://user@receiver.example/",
        "https://user:password@receiver.example/",
        "https://@receiver.example/",
        "https://receiver.example/#fragment",
        "https://receiver.example:0/",
        "https://receiver.example:99999/",
        "https://receiver.example:x/",
        "https://receiver example/",
        "https://receiver.example/\r\nHost: other",
        "https://receiver.example\\@127.0.0.1/",
        "https://bücher.example/",
        "https://receiver.example/" + "x" * 2048,
        "https://a..b/",
        "https://-a.example/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://8.8.8/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://239.255.255.250/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
    ],
)
def test_everything_else_is_refused_by_its_text(url: str) -> None:
    with pytest.raises(AddressRefused):
        INTERNET.parse(url)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"])
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


def _answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """A resolver that says the same of every name; returns what it was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _answering(monkeypatch, "8.8.8.8", "8.8.4.4", "8.8.8.8")
    endpoint = INTERNET.parse("https://receiver.example/")
    assert await INTERNET.resolve(endpoint) == ["8.8.8.8", "8.8.4.4"]
    assert asked == ["receiver.example"]


@pytest.mark.parametrize(
    "hidden", ["127.0.0.1", "::1", "10.0.0.1", "::ffff:10.0.0.1", "100.64.0.1", "fe80::1%lo", "ff02::1"]
)
async def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    _answering(monkeypatch, "8.8.8.8", hidden)
    with pytest.raises(AddressRefused):
        await INTERNET.resolve(INTERNET.parse("https://receiver.example/"))


async def test_the_machine_itself_is_refused_by_every_name_that_it_has() -> None:
    for name in ("localhost", socket.gethostname()):
        with pytest.raises((AddressRefused, OSError)):
            await INTERNET.resolve(INTERNET.parse(f"https://{name}/"))


async def test_networks_may_be_allowed_and_plain_http_to_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CLUSTER.parse("http://127.0.0.1:8080/").port == 8080
    assert CLUSTER.parse("https://[fd00::1]/").host == "fd00::1"
    for url in ("https://10.0.0.1/", "http://8.8.8.8/"):
        with pytest.raises(AddressRefused):
            CLUSTER.parse(url)
    _answering(monkeypatch, "8.8.8.8")
    await CLUSTER.resolve(CLUSTER.parse("https://receiver.example/"))
    with pytest.raises(AddressRefused):
        await CLUSTER.resolve(CLUSTER.parse("http://receiver.example/"))


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        AddressPolicy(["10.0.0.1/8"])
