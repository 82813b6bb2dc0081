"""A photo fetched from an address that a caller names, over connections to public addresses alone."""

import asyncio
import ssl
from functools import cached_property
from typing import Final
from urllib.parse import urljoin

import httpcore

from gateway.api.uploads.budget import UploadShare
from gateway.api.uploads.form import size_text
from servicekit.errors import InvalidArgument
from servicekit.webhooks.checked_network import CheckedNetwork, host_header
from servicekit.webhooks.ssrf import AddressPolicy, AddressRefused, Endpoint

FIELD: Final = "image_url"
MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class PhotoFetcher:
    """Fetches, each time over connections of its own, without cookies or credentials."""

    def __init__(self, addresses: AddressPolicy, *, seconds: float, max_bytes: int) -> None:
        """`seconds` is for everything together, look-ups and redirects included."""
        self._addresses = addresses
        self._seconds = seconds
        self._max_bytes = max_bytes

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Made when it is first needed: the certificates take a MB."""
        return ssl.create_default_context()

    async def fetch(self, url: str, *, tenant: str, share: UploadShare) -> bytes:
        """The bytes at an address, whatever they are; raises InvalidArgument naming `image_url`, Exhausted.

        The `tenant` has its share of the look-ups of names; what arrives counts against the `share` of memory.
        """
        try:
            async with asyncio.timeout(self._seconds):
                for _redirect in range(MAX_REDIRECTS + 1):
                    endpoint = self._addresses.parse(url)
                    body, url = await self._get(endpoint, tenant, share)
                    if body is not None:
                        return body
        except AddressRefused as error:
            raise InvalidArgument("IMAGE_URL_REFUSED", f"{FIELD} {error}", field=FIELD) from error
        except TimeoutError as error:
            raise _unreachable(f"did not send a picture within {self._seconds:g} seconds") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise _unreachable("does not answer") from error
        raise _unreachable(f"redirects more than {MAX_REDIRECTS} times")

    async def _get(self, endpoint: Endpoint, tenant: str, share: UploadShare) -> tuple[bytes | None, str]:
        """The body; or None, and where a redirect leads."""
        network = CheckedNetwork(self._addresses, endpoint, tenant)
        headers = [
            ("Host", host_header(endpoint)),
            ("Accept", "image/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "Modomo/1"),
            ("Connection", "close"),
        ]
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._trust, max_connections=1, max_keepalive_connections=0, network_backend=network
            ) as connection,
            connection.stream("GET", endpoint.url, headers=headers) as response,
        ):
            fields = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS and fields.get(b"location"):
                return None, urljoin(endpoint.url, fields[b"location"].decode("ascii", errors="replace"))
            if response.status != 200:
                raise _unreachable(f"answers {response.status}")
            announced = fields.get(b"content-length", b"")
            if announced.isdigit() and int(announced[:20]) > self._max_bytes:
                raise self._too_large()
            return await self._read(response, share), ""

    async def _read(self, response: httpcore.Response, share: UploadShare) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_stream():
            share.grow(len(chunk))
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> InvalidArgument:
        message = f"What is at {FIELD} has more than {size_text(self._max_bytes)}."
        return InvalidArgument("UPLOAD_TOO_LARGE", message, field=FIELD)


def _unreachable(what: str) -> InvalidArgument:
    return InvalidArgument("IMAGE_URL_UNREACHABLE", f"The server of {FIELD} {what}.", field=FIELD)
