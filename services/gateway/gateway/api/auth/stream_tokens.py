"""Tickets: who holds one may follow one job, once, for a short while.

A browser cannot send a header with a WebSocket, so the right to open it travels in its address. That is the one place
where an address is a credential; therefore it is good for a minute, for one job, and for one use.

    ticket = expires "." nonce "." base64url(HMAC-SHA256(secret, job id ‖ expires ‖ nonce))

Handing one out costs no call to Redis. A ticket that was used is remembered there until
it would have expired anyway. The secret is drawn by the first process that needs it and shared through Redis; whoever
can read Redis could do everything else too.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from typing import Final

from gateway.api.shared_state import SharedState
from servicekit.errors import Unauthenticated

_AGREE_SECONDS: Final = 30.0
_FORM: Final = re.compile(r"([0-9]{10,12})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")


class StreamTokenIssuer:
    """Hands tickets out and takes them back."""

    def __init__(self, state: SharedState, *, seconds: int) -> None:
        self._state = state
        self._seconds = seconds
        self._secret = ""
        self._agreed_at = float("-inf")

    async def issue(self, job_id: str) -> str:
        """A ticket for a job that the caller may see; raises Unavailable."""
        secret = await self._known_secret()
        expires, nonce = str(int(time.time()) + self._seconds), secrets.token_hex(16)
        return f"{expires}.{nonce}.{_signature(secret, job_id, expires, nonce)}"

    async def redeem(self, ticket: str, job_id: str) -> None:
        """Uses a ticket up; raises Unauthenticated where it is not good, or not any more, and Unavailable."""
        match = _FORM.fullmatch(ticket)
        if match is None:
            raise _refused()
        expires, nonce, signature = match.groups()
        right = _signature(await self._known_secret(), job_id, expires, nonce)
        left = int(expires) - time.time()
        if not hmac.compare_digest(right, signature) or left <= 0:
            raise _refused()
        if not await self._state.once(f"ticket:{nonce}", seconds=int(left) + 1):
            raise _refused()

    async def _known_secret(self) -> bytes:
        """Read again every 30 s, so that all replicas have the same one again after Redis has lost it."""
        if time.monotonic() - self._agreed_at > _AGREE_SECONDS:
            self._secret = await self._state.agreed("ticket-secret", self._secret or secrets.token_hex(32))
            self._agreed_at = time.monotonic()
        return self._secret.encode()


def _signature(secret: bytes, job_id: str, expires: str, nonce: str) -> str:
    text = f"{job_id}\n{expires}\n{nonce}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, text, hashlib.sha256)).rstrip(b"=").decode()


def _refused() -> Unauthenticated:
    message = "This address has been used or has expired. Ask for the job's status to get a fresh one."
    return Unauthenticated("TICKET_INVALID", message)
