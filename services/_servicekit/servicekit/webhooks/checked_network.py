"""Connections to addresses that were checked, for httpcore. Whoever imports this installs httpcore."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpcore

from servicekit.webhooks.ssrf import AddressPolicy, Endpoint


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the checked addresses of one endpoint; the name stays what TLS and the Host header say."""

    def __init__(self, addresses: AddressPolicy, endpoint: Endpoint, tenant: str) -> None:
        self._addresses = addresses
        self._endpoint = endpoint
        self._tenant = tenant
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base's parameter
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolves once and tries each address; raises AddressRefused, OSError, ConnectError."""
        problem: Exception = httpcore.ConnectError("no address")
        for address in await self._addresses.resolve(self._endpoint, tenant=self._tenant):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def sleep(self, seconds: float) -> None:
        """Between the pool's own retries, of which there are none."""
        await asyncio.sleep(seconds)


def host_header(endpoint: Endpoint) -> str:
    """What `Host` says of an endpoint."""
    name = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    default = 443 if endpoint.scheme == "https" else 80
    return name if endpoint.port == default else f"{name}:{endpoint.port}"
