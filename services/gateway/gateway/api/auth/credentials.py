"""What a caller shows, as it comes in HTTP headers and in gRPC metadata alike."""

from collections.abc import Mapping
from typing import Final

from servicekit.errors import Unauthenticated

AUTHORIZATION: Final = "authorization"
API_KEY: Final = "x-api-key"
MAX_LENGTH: Final = 8192
"""Far beyond any key, and room for a token with many claims."""


def credential(headers: Mapping[str, str]) -> str:
    """The key or token of a request, empty for none; raises Unauthenticated for what cannot be one.

    `headers` has lower-case names. Both headers at once are refused: nobody should have to guess which one counts.
    """
    authorization, key = headers.get(AUTHORIZATION, ""), headers.get(API_KEY, "")
    if authorization and key:
        raise _malformed("Send either Authorization or X-API-Key, not both.")
    if authorization:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise _malformed("Authorization must be `Bearer` and a key or a token.")
    key = key.strip()
    if len(key) > MAX_LENGTH or not key.isascii():
        raise _malformed("This is neither a key nor a token.")
    return key


def _malformed(message: str) -> Unauthenticated:
    return Unauthenticated("CREDENTIAL_MALFORMED", message)
