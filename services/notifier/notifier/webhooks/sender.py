"""One request to a stranger's server: it connects to an address that was checked, and reads little of the answer."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import httpcore

from servicekit.webhooks.checked_network import CheckedNetwork, host_header
from servicekit.webhooks.ssrf import AddressPolicy, Endpoint

MAX_ANSWER_BYTES: Final = 16 * 1024
"""Of the answer's body. Nobody needs it; reading it lets the receiver finish."""
_MAX_RETRY_AFTER: Final = 3600.0


class Unreachable(Exception):  # noqa: N818 - a state of the receiver, no error of ours
    """No answer; the text is a word for logs and records."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a receiver said."""

    status: int

    retry_after_seconds: float
    """What it asks for, at most an hour; 0 for nothing."""

    @property
    def accepted(self) -> bool:
        """Whether it has the message. A redirect is a failure: it would lead to an address that nobody has checked."""
        return 200 <= self.status < 300


class Sender:
    """Sends, each time over a connection of its own."""

    def __init__(self, addresses: AddressPolicy, *, timeout_seconds: float) -> None:
        """`timeout_seconds` is for everything together, looking the name up included."""
        self._addresses = addresses
        self._timeout = timeout_seconds

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Made when it is first needed: the certificates take a MB."""
        return ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, tenant: str) -> Answer:
        """Raises AddressRefused, Unreachable. The `tenant` has its share of the look-ups of names."""
        endpoint = self._addresses.parse(url)
        network = CheckedNetwork(self._addresses, endpoint, tenant)
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpcore.AsyncConnectionPool(
                    ssl_context=self._trust, max_connections=1, max_keepalive_connections=0, network_backend=network
                ) as connection,
                connection.stream("POST", url, headers=_sent(endpoint, body, headers), content=body) as response,
            ):
                answer = Answer(status=response.status, retry_after_seconds=_retry_after(response.headers))
                with contextlib.suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                    await _read(response)
                return answer
        except TimeoutError as error:
            raise Unreachable("TIMEOUT") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise Unreachable(type(error).__name__) from error


def _sent(endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    return [
        ("Host", host_header(endpoint)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("User-Agent", "Modomo-Webhooks/1"),
        ("Connection", "close"),
        *headers.items(),
    ]


async def _read(response: httpcore.Response) -> None:
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float:
    """Seconds; a date is not worth the trouble."""
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return min(_MAX_RETRY_AFTER, float(value[:6]))
    return 0.0
