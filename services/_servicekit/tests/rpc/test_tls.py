"""Mutual TLS between our servers and channels, and certificates that change while calls go on."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc

from servicekit.config.env import SettingsError
from servicekit.rpc import client, tls
from servicekit.rpc.health import serving
from servicekit.rpc.server import RunningServer, ServerOptions, running
from servicekit.rpc.tls import Identity, Security, TlsSettings

ROTATIONS = int(os.environ.get("MODOMO_CHAOS_ROTATIONS", "5"))


class Files:
    """The certificate files of one process."""

    def __init__(self, directory: Path, authority: trustme.CA) -> None:
        directory.mkdir()
        self.ca, self.certificate, self.key = (directory / name for name in ("ca.pem", "cert.pem", "key.pem"))
        self.renew(authority)

    def renew(self, authority: trustme.CA, *, trusted: tuple[trustme.CA, ...] = ()) -> int:
        """Issues a certificate for this machine; returns its serial number."""
        issued = authority.issue_cert("127.0.0.1", "localhost")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.ca.write_bytes(b"".join(one.cert_pem.bytes() for one in (authority, *trusted)))
        self.certificate.write_bytes(chain)
        self.key.write_bytes(issued.private_key_pem.bytes())
        return x509.load_pem_x509_certificate(chain).serial_number

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(tls_ca=self.ca, tls_certificate=self.certificate, tls_key=self.key)

    @property
    def security(self) -> Security:
        return Security.of(self.settings)


@pytest.fixture(autouse=True)
def looked_at_with_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_CHECK_INTERVAL_SECONDS", 0.0)


@pytest.fixture
def server_files(tmp_path: Path, authority: trustme.CA) -> Files:
    return Files(tmp_path / "server", authority)


@pytest.fixture
def client_files(tmp_path: Path, authority: trustme.CA) -> Files:
    return Files(tmp_path / "client", authority)


@asynccontextmanager
async def _serving(security: Security, **options: Any) -> AsyncIterator[RunningServer]:
    listening = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2, security=security, **options)
    async with running(listening, []) as server:
        await server.set_serving(True)
        yield server


async def _check(channel: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    await stub.Check(health_pb2.HealthCheckRequest(), timeout=30)


def _serial_shown_by(port: int, files: Files) -> int:
    """Of the server's certificate, as a new connection sees it."""
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
        shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


async def test_both_sides_show_a_certificate(server_files: Files, client_files: Files) -> None:
    async with (
        _serving(server_files.security) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        await _check(channel)


async def test_callers_without_a_certificate_of_ours_are_refused(server_files: Files, tmp_path: Path) -> None:
    stranger = Files(tmp_path / "stranger", trustme.CA())
    believing = Files(tmp_path / "believing", trustme.CA())
    believing.ca.write_bytes(server_files.ca.read_bytes())
    async with _serving(server_files.security) as server:
        address = f"127.0.0.1:{server.port}"
        nameless = grpc.ssl_channel_credentials(server_files.ca.read_bytes())
        for channel in (
            client.channel(address, security=stranger.security),
            client.channel(address, security=believing.security),
            client.channel(address),
            grpc.aio.secure_channel(address, nameless),
        ):
            async with channel:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await _check(channel)
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_of_another_authority_or_name_is_not_believed(client_files: Files, tmp_path: Path) -> None:
    impostor = Files(tmp_path / "impostor", trustme.CA())
    impostor.ca.write_bytes(client_files.ca.read_bytes())
    async with (
        _serving(impostor.security) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await _check(channel)


async def test_certificates_change_under_load_without_a_failed_call(
    server_files: Files, client_files: Files, authority: trustme.CA
) -> None:
    async with (
        _serving(server_files.security) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        calls, stop = 0, asyncio.Event()

        async def load() -> None:
            nonlocal calls
            while not stop.is_set():
                await _check(channel)
                calls += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(load())
            for _round in range(ROTATIONS):
                serial = server_files.renew(authority)
                client_files.renew(authority)
                assert await asyncio.to_thread(_serial_shown_by, server.port, client_files) == serial
                before = calls
                while calls < before + 20:  # noqa: ASYNC110 - until the load has gone on for a while
                    await asyncio.sleep(0.01)
            stop.set()
        print(f"{calls} calls, {ROTATIONS} new certificates on either side, no failed call")  # noqa: T201 - the figure


async def test_the_authority_itself_changes_without_a_failed_call(
    server_files: Files, client_files: Files, authority: trustme.CA
) -> None:
    coming = trustme.CA()
    async with (
        _serving(server_files.security, max_connection_age_seconds=1) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        steps = [
            (authority, (coming,)),  # both are trusted
            (coming, (authority,)),  # the new one issues
            (coming, ()),  # the old one is forgotten
        ]
        for issuer, trusted in steps:
            for files in (server_files, client_files):
                files.renew(issuer, trusted=trusted)
                await _check(channel)
            await _check(channel)
        serial = server_files.renew(coming)
        assert await asyncio.to_thread(_serial_shown_by, server.port, client_files) == serial
        former = Files(server_files.ca.parent.parent / "former", authority)
        former.ca.write_bytes(server_files.ca.read_bytes())
        async with client.channel(f"127.0.0.1:{server.port}", security=former.security) as forgotten:
            with pytest.raises(grpc.aio.AioRpcError):
                await _check(forgotten)


async def test_every_call_shows_the_newest_certificate(
    server_files: Files, client_files: Files, authority: trustme.CA
) -> None:
    async def who(_request: bytes, call: Any) -> bytes:
        shown: bytes = call.auth_context()["x509_pem_cert"][0]
        return shown

    handler = grpc.method_handlers_generic_handler("probe", {"Who": grpc.unary_unary_rpc_method_handler(who)})
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.2, security=server_files.security)
    async with (
        running(options, [("probe", lambda server: server.add_generic_rpc_handlers((handler,)))]) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        ask: Any = channel.unary_unary("/probe/Who")
        await ask(b"", timeout=30)
        for _round in range(3):
            serial = client_files.renew(authority)
            assert x509.load_pem_x509_certificate(await ask(b"", timeout=30)).serial_number == serial


async def test_a_call_under_way_ends_on_the_connection_that_it_has(
    server_files: Files, client_files: Files, authority: trustme.CA
) -> None:
    async with (
        _serving(server_files.security) as server,
        client.channel(f"127.0.0.1:{server.port}", security=client_files.security) as channel,
    ):
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        client_files.renew(authority)
        await _check(channel)
        await server.set_serving(False)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()


def test_files_that_do_not_belong_together_leave_the_former_in_use(
    server_files: Files, authority: trustme.CA, tmp_path: Path
) -> None:
    identity = Identity(ca=server_files.ca, certificate=server_files.certificate, key=server_files.key)
    former = identity.current()
    other = Files(tmp_path / "other", authority)
    server_files.certificate.write_bytes(other.certificate.read_bytes())  # the key has not come yet
    assert identity.current() is former
    server_files.key.write_text("no key")
    assert identity.current() is former
    server_files.key.unlink()
    assert identity.current() is former
    server_files.key.write_bytes(other.key.read_bytes())
    assert identity.current().key == other.key.read_bytes()
    assert other.key.read_text() not in repr(identity.current())


async def test_health_has_a_port_of_its_own_that_serves_nothing_else(server_files: Files) -> None:
    async with _serving(server_files.security, health_address="127.0.0.1:0") as server:
        address = f"127.0.0.1:{server.health_port}"
        assert await asyncio.to_thread(serving, address)
        assert not await asyncio.to_thread(serving, f"127.0.0.1:{server.port}"), "plaintext is not for calls"
        await server.set_serving(False)
        assert not await asyncio.to_thread(serving, address)
        async with grpc.aio.insecure_channel(address) as channel:
            call: Any = channel.unary_unary("/modomo.detection.v1.DetectionService/Detect")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"", timeout=30)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_settings_that_make_no_sense_are_refused_by_name(server_files: Files, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="go together"):
        Security.of(TlsSettings(tls_ca=server_files.ca))
    for wrong in (tmp_path / "missing.pem", server_files.key):
        with pytest.raises(SettingsError, match="MODOMO_TLS_"):
            Security.of(TlsSettings(tls_ca=wrong, tls_certificate=server_files.certificate, tls_key=server_files.key))


def test_a_server_that_is_not_ours_is_called_over_tls_unless_it_is_on_this_machine(server_files: Files) -> None:
    assert server_files.security.credentials("127.0.0.1:8001") is None
    assert isinstance(server_files.security.credentials("triton:8001"), grpc.ChannelCredentials)
    assert Security(plaintext=True).credentials("triton:8001") is None
    with pytest.raises(SettingsError):
        Security().credentials("triton:8001")
