"""Where webhooks are sent: to addresses that were checked, by the name that the receiver goes by."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from deploy.local import ports
from notifier.webhooks.sender import Sender, Unreachable
from servicekit.webhooks.ssrf import AddressPolicy, AddressRefused
from tests.fixtures.webhook_receivers import Receiver, status

LOOPBACK = ("127.0.0.0/8",)
HEADERS = {"webhook-id": "msg_1"}


def _sender(*networks: str) -> Sender:
    return Sender(AddressPolicy(networks), timeout_seconds=20)


def _names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A name server that says something else each time; returns what it was asked."""
    asked: list[str] = []
    left = list(answers)
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "receiver.example":
            return real(host, port, *args, **options)
        asked.append(host)
        return real(left.pop(0), port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_name_stays_in_tls_and_host_while_the_address_is_pinned(
    tls_receiver: Receiver, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trust))
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    answer = await _sender(*LOOPBACK).post(tls_receiver.url, b"{}", HEADERS, tenant="")
    assert answer.accepted
    assert tls_receiver.names == ["localhost"]
    (request,) = tls_receiver.received
    assert request.headers["host"] == f"localhost:{tls_receiver.port}"


async def test_a_certificate_of_another_name_or_authority_is_refused(
    tls_receiver: Receiver, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable):
        await _sender(*LOOPBACK).post(tls_receiver.url, b"{}", HEADERS, tenant="")
    trust = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trust))
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    _names(monkeypatch, "127.0.0.1")
    with pytest.raises(Unreachable):
        await _sender(*LOOPBACK).post(f"https://receiver.example:{tls_receiver.port}/", b"{}", HEADERS, tenant="")
    assert tls_receiver.received == []


async def test_a_name_that_changes_its_mind_is_asked_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _names(monkeypatch, "127.0.0.1", "169.254.169.254", "169.254.169.254")
    answer = await _sender(*LOOPBACK).post(f"http://receiver.example:{receiver.port}/", b"{}", HEADERS, tenant="")
    assert (answer.accepted, asked) == (True, ["receiver.example"])
    with pytest.raises(AddressRefused):
        await _sender(*LOOPBACK).post(f"http://receiver.example:{receiver.port}/", b"{}", HEADERS, tenant="")


@pytest.mark.parametrize(
    "hidden", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254"]
)
async def test_no_connection_is_made_to_what_is_not_public(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    _names(monkeypatch, hidden)
    with pytest.raises(AddressRefused):
        await _sender().post(f"https://receiver.example:{receiver.port}/", b"{}", HEADERS, tenant="")
    for host in ("localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]"):
        with pytest.raises(AddressRefused):
            await _sender().post(f"https://{host}:{receiver.port}/", b"{}", HEADERS, tenant="")
    assert receiver.connections == 0


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.replies = [status(307, headers=f"Location: http://127.0.0.1:{receiver.port}/inside\r\n")]
    answer = await _sender(*LOOPBACK).post(receiver.url, b"{}", HEADERS, tenant="")
    assert (answer.status, answer.accepted) == (307, False)
    assert [request.path for request in receiver.received] == ["/hooks?key=1"]


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await _sender(*LOOPBACK).post(receiver.url, b"{}", HEADERS, tenant="")).accepted


async def test_nobody_at_home_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = ports.free(1)
    with pytest.raises(Unreachable):
        await _sender(*LOOPBACK).post(f"http://localhost:{port}/", b"{}", HEADERS, tenant="")
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_name)
    with pytest.raises(Unreachable):
        await _sender(*LOOPBACK).post("https://receiver.example/", b"{}", HEADERS, tenant="")


def _no_such_name(*_args: Any, **_options: Any) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def test_certificates_are_verified() -> None:
    trust = _sender()._trust
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
