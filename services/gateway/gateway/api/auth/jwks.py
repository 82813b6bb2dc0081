"""The identity provider's public keys (RFC 7517), from a file or a URL, cached and renewed now and then."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from servicekit.errors import Unauthenticated, Unavailable
from servicekit.observability import logs

log = logs.get(__name__)

FRESH_SECONDS: Final = 600.0
"""The set is fetched again after this time."""
STALE_SECONDS: Final = 86_400.0
"""A set that cannot be renewed is used for this long, so that an outage of the provider is not one of ours."""
PAUSE_SECONDS: Final = 30.0
"""Fetches are at least this far apart, whatever key ids callers make up."""
FETCH_SECONDS: Final = 5.0
MAX_BYTES: Final = 256 * 1024

Fetch = Callable[[], Awaitable[str]]


class JwksError(Exception):
    """The set cannot be fetched or read."""


class KeySet:
    """Public keys by id; of callers that need the same refresh, one makes it and the others wait."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._refreshing = asyncio.Lock()

    async def key(self, key_id: str) -> PyJWK:
        """The key that a token names; raises Unauthenticated where there is none, Unavailable without any set."""
        if key_id not in self._keys or self._age > FRESH_SECONDS:
            async with self._refreshing:
                if key_id not in self._keys or self._age > FRESH_SECONDS:
                    await self._refresh()
        if not self._keys or self._age > STALE_SECONDS:
            raise Unavailable("IDENTITY_UNAVAILABLE", "Tokens cannot be checked at the moment.", retry_after_seconds=5)
        if key_id not in self._keys:
            raise Unauthenticated("TOKEN_INVALID", "This token was signed with an unknown key.")
        return self._keys[key_id]

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _refresh(self) -> None:
        """Fetches at most once in PAUSE_SECONDS; a failure changes nothing."""
        if self._clock() - self._tried_at < PAUSE_SECONDS:
            return
        self._tried_at = self._clock()
        try:
            self._keys = parse(await self._fetch())
            self._fetched_at = self._clock()
        except (JwksError, OSError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("the identity provider's keys cannot be had", problem=str(error) or type(error).__name__)


def parse(text: str) -> dict[str, PyJWK]:
    """Usable keys by id; raises JwksError."""
    try:
        keys = PyJWKSet.from_dict(json.loads(text)).keys
    except (PyJWTError, ValueError, AttributeError, RecursionError) as error:
        raise JwksError("not a set of JSON Web Keys") from error
    return {key.key_id: key for key in keys if key.key_id}


def fetcher(location: str) -> Fetch:
    """Reads a path or an `https://` URL (`http://` on loopback alone); raises ValueError for another one."""
    url = urlsplit(location)
    if url.scheme == "https" or (url.scheme == "http" and url.hostname in ("127.0.0.1", "::1", "localhost")):
        return lambda: _download(location)
    if "://" in location:
        raise ValueError("jwt_jwks must be a path or an https:// URL")
    path = Path(location)
    return lambda: asyncio.to_thread(_read, path)


async def _download(url: str) -> str:
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, allow_redirects=False, headers={"Accept": "application/json"}) as answer,
    ):
        if answer.status != 200:
            raise JwksError(f"answered {answer.status}")
        body = await answer.content.read(MAX_BYTES + 1)
        while len(body) <= MAX_BYTES and (more := await answer.content.read(MAX_BYTES + 1)):
            body += more
    return _text(body)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return _text(file.read(MAX_BYTES + 1))


def _text(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise JwksError(f"more than {MAX_BYTES // 1024} KB")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise JwksError("not UTF-8") from error
