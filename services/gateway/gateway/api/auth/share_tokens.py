"""Share tokens: who has one may look at one job, for as long as it is kept, and do nothing else.

A result's address is opened again after a restart of the browser, on another device, or by a friend, where no key is.

    token = base64url(HMAC-SHA256(secret, job id))

The secret is drawn by the first process that needs it and shared through Redis, as that of tickets is; it is another
one, so that neither can be taken for the other. Handing a token out costs no call to Redis.
"""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Final

from gateway.api.shared_state import SharedState
from servicekit.errors import NotFound

_AGREE_SECONDS: Final = 30.0


class ShareTokens:
    """Makes and checks them."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._secret = ""
        self._agreed_at = float("-inf")

    async def token(self, job_id: str) -> str:
        """The token of a job that the caller may see; raises Unavailable."""
        signature = hmac.digest(await self._known_secret(), job_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    async def check(self, job_id: str, token: str) -> None:
        """Raises NotFound where the token is not this job's, as for a job that does not exist; Unavailable."""
        if not hmac.compare_digest((await self.token(job_id)).encode(), token.encode(errors="replace")):
            raise NotFound("LINK_INVALID", "This link is not valid, or not any more.")

    async def _known_secret(self) -> bytes:
        """Read again every 30 s, so that all replicas have the same one again after Redis has lost it."""
        if time.monotonic() - self._agreed_at > _AGREE_SECONDS:
            self._secret = await self._state.agreed("share-secret", self._secret or secrets.token_hex(32))
            self._agreed_at = time.monotonic()
        return self._secret.encode()
