"""How services authenticate each other: mutual TLS from files that may change at any time, or plaintext on one machine.

Both ends of a call show a certificate of the system's own authority. The files are checked again with every connection
that is accepted and every call that is made, so a renewed certificate is used without a restart; while the new files
are unusable, the former certificate stays in use.
"""

import ssl
import threading
import time
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import grpc

from servicekit.config.env import SettingsError, shared
from servicekit.observability import logs

log = logs.get(__name__)

_CHECK_INTERVAL_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """Settings of the connections between services."""

    tls_ca: Path | None = shared(None)
    """PEM file of the authorities that are trusted; of both, while one replaces the other."""

    tls_certificate: Path | None = shared(None)
    """PEM file of this process's certificate and its intermediates."""

    tls_key: Path | None = shared(None)
    """PEM file of the private key that belongs to it."""

    tls_plaintext: bool = shared(False)
    """Allows plaintext to other machines, for networks that encrypt by themselves."""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """The files' contents, checked to belong together. PEM."""

    authorities: bytes
    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        """Without the key."""
        return "Certificates(…)"


class Identity:
    """The certificates of this process as they are now. Threads may share it."""

    def __init__(self, *, ca: Path, certificate: Path, key: Path) -> None:
        """Raises SettingsError where they cannot be used from the start."""
        self._files = (ca, certificate, key)
        self._lock = threading.Lock()
        self._checked_at = time.monotonic()
        try:
            self._seen = self._state()
            self._current = self._read()
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"MODOMO_TLS_*: {error}") from error

    def current(self) -> Certificates:
        """The newest usable ones, checked at most a second ago; the same object as long as nothing changes."""
        with self._lock:
            if time.monotonic() - self._checked_at > _CHECK_INTERVAL_SECONDS:
                self._reload()
                self._checked_at = time.monotonic()
            return self._current

    def _reload(self) -> None:
        try:
            state = self._state()
            if state == self._seen:
                return
            found = self._read()
            if self._state() != state:
                return  # they are being written right now
        except (OSError, ssl.SSLError) as error:
            log.warning("new certificates cannot be used, the former stay in use", problem=str(error))
            return
        self._seen = state
        if found != self._current:
            self._current = found
            log.info("certificates have changed")

    def _read(self) -> Certificates:
        ca, certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)  # raises where they do not belong together
        context.load_verify_locations(ca)
        return Certificates(authorities=ca.read_bytes(), chain=certificate.read_bytes(), key=key.read_bytes())

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when a file does, also when a link leads elsewhere."""
        found = [path.stat() for path in self._files]
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


class Security:
    """Decides between TLS and plaintext wherever a process listens or calls."""

    def __init__(self, *, identity: Identity | None = None, plaintext: bool = False) -> None:
        """Without an identity, plaintext: to this machine, and to others where `plaintext` says so."""
        self.identity = identity
        self._plaintext = plaintext

    @classmethod
    def of(cls, settings: TlsSettings) -> "Security":
        """As the settings say; raises SettingsError."""
        files = (settings.tls_ca, settings.tls_certificate, settings.tls_key)
        if None in files and any(files):
            raise SettingsError("MODOMO_TLS_CA, MODOMO_TLS_CERTIFICATE and MODOMO_TLS_KEY go together")
        if settings.tls_ca and settings.tls_certificate and settings.tls_key:
            identity = Identity(ca=settings.tls_ca, certificate=settings.tls_certificate, key=settings.tls_key)
            return cls(identity=identity)
        return cls(plaintext=settings.tls_plaintext)

    def validate_address(self, address: str) -> None:
        """Raises SettingsError where traffic with an address would be readable on a network."""
        if self.identity is None and not self._plaintext and not is_loopback(address):
            raise SettingsError(
                f"{address} is reachable from other machines, and there is no TLS: set MODOMO_TLS_CA, "
                "MODOMO_TLS_CERTIFICATE and MODOMO_TLS_KEY, or MODOMO_TLS_PLAINTEXT=true where the network is safe"
            )

    def credentials(self, address: str) -> grpc.ChannelCredentials | None:
        """For a channel that is opened elsewhere; None for plaintext, to this machine. Raises SettingsError."""
        if self.identity is None or is_loopback(address):
            self.validate_address(address)
            return None
        return client_credentials(self.identity.current())

    def listen(self, server: grpc.aio.Server, address: str) -> int:
        """Has a server listen; returns the port. Raises SettingsError."""
        self.validate_address(address)
        if self.identity is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, _server_credentials(self.identity))


def client_credentials(certificates: Certificates) -> grpc.ChannelCredentials:
    """A channel's own certificate and the authorities that it trusts."""
    return grpc.ssl_channel_credentials(certificates.authorities, certificates.key, certificates.chain)


def is_loopback(address: str) -> bool:
    """Whether `host:port`, or any name that gRPC understands, stays on this machine."""
    target = address.removeprefix("dns:").lstrip("/")
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.removeprefix("ipv4:").removeprefix("ipv6:").rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _server_credentials(identity: Identity) -> grpc.ServerCredentials:
    def configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
        pairs = [(certificates.key, certificates.chain)]
        return grpc.ssl_server_certificate_configuration(pairs, root_certificates=certificates.authorities)

    used = identity.current()

    def changed() -> grpc.ServerCertificateConfiguration | None:
        """Called for each new connection, from a thread of gRPC's."""
        nonlocal used
        newest = identity.current()
        if newest is used:
            return None
        used = newest
        return configuration(newest)

    return grpc.dynamic_ssl_server_credentials(
        configuration(used),
        changed,  # type: ignore[arg-type]  # the published types lack None, which means no change
        require_client_authentication=True,
    )
