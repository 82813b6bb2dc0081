"""The gateway's own address, as the caller can reach it."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


HOST_STATE: Final = "forwarded_host"
"""Where a connection's state has the host that a trusted proxy was called by."""
PREFIX_STATE: Final = "forwarded_prefix"
"""Where it has the path that this proxy has taken off."""
VERSION_STATE: Final = "api_version_prefix"
"""Where it has the version of the API that its path began with, `/v1`."""


class PublicAddress:
    """From a setting, or else from what the request says (`X-Forwarded-*` of a trusted proxy included)."""

    def __init__(self, public_url: str = "") -> None:
        """`https://host`, perhaps with a path, or empty."""
        self._fixed = public_url.rstrip("/")

    @property
    def fixed_host(self) -> str:
        """The host that the setting names, lower case, without its port; empty without the setting."""
        return urlsplit(self._fixed).hostname or ""

    def base(self, connection: HTTPConnection) -> str:
        """`https://host`, perhaps with a path, without a slash at the end."""
        version = getattr(connection.state, VERSION_STATE, "")
        if self._fixed:
            return self._fixed + version
        scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
        host = getattr(connection.state, HOST_STATE, "") or connection.headers.get("host", "")
        if not HOST.fullmatch(host):
            name, port = connection.scope.get("server") or ("localhost", None)
            host = f"{name}:{port}" if port else name
        return f"{scheme}://{host}{getattr(connection.state, PREFIX_STATE, '')}{version}"


def is_loopback(host: str) -> bool:
    """Whether a name or an address, without brackets, can be nothing but this machine (RFC 6761, 6.3)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def absolute(base: str, link: str) -> str:
    """A link that the caller can open: `base` is put before one that begins with `/`."""
    return base + link if link.startswith("/") else link


def websocket(base: str, path: str) -> str:
    """`wss://host/…` for a base of `https://host`."""
    return "ws" + base.removeprefix("http") + path
