"""Signed links: whoever has one may read one object until it expires.

`signature = base64url(HMAC-SHA256(secret, key ‖ "\\n" ‖ expires))`. A key contains no line break, so no two pairs sign
the same text. Verification takes constant time.
"""

import base64
import hashlib
import hmac
import re
import time
from typing import Final
from urllib.parse import quote

from servicekit.errors import NotFound
from servicekit.storage import validate_key

_EXPIRES: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class LinkSigner:
    """Makes and verifies links with one secret."""

    def __init__(self, secret: bytes, *, prefix: str) -> None:
        """`prefix` is what comes before the key, `/files/`; ValueError for a secret below 16 bytes."""
        if len(secret) < 16:
            raise ValueError("the secret for links must have 16 bytes or more")
        self._secret = secret
        self._prefix = prefix

    def sign(self, key: str, *, expires_seconds: int) -> str:
        """`/files/{key}?expires={unix time}&signature={…}`."""
        expires = str(int(time.time()) + expires_seconds)
        return f"{self._prefix}{quote(key)}?expires={expires}&signature={self._signature(key, expires)}"

    def verify(self, key: str, *, expires: str, signature: str) -> None:
        """Raises NotFound for a link that this secret did not sign, or one that has expired: no matter which."""
        signed = hmac.compare_digest(self._signature(key, expires).encode(), signature.encode(errors="replace"))
        if not (signed and _EXPIRES.fullmatch(expires) and int(expires) > time.time() and _is_key(key)):
            raise NotFound("LINK_INVALID", "This link is not valid, or not any more.")

    def _signature(self, key: str, expires: str) -> str:
        text = f"{key}\n{expires}".encode(errors="replace")
        return base64.urlsafe_b64encode(hmac.digest(self._secret, text, hashlib.sha256)).rstrip(b"=").decode()


def _is_key(text: str) -> bool:
    try:
        validate_key(text)
    except ValueError:
        return False
    return True
