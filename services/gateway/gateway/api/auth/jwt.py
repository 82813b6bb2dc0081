"""JSON Web Tokens of one identity provider: issuer, audience and algorithms are pinned, the rest is refused."""

from collections.abc import Sequence
from typing import Any, Final

import jwt
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from gateway.api.auth import Caller, Scope
from gateway.api.auth.jwks import KeySet
from servicekit.errors import Unauthenticated

LEEWAY_SECONDS: Final = 30
"""How far clocks may differ."""
MAX_SUBJECT: Final = 255


class TokenVerifier:
    """Knows callers by their tokens' subject."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        algorithms: Sequence[str],
        default_scopes: Sequence[Scope],
    ) -> None:
        """`default_scopes` are those of a token that names none of ours."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._algorithms = list(algorithms)
        self._default = frozenset(default_scopes)

    async def identify(self, token: str) -> Caller:
        """Whom a valid token names; raises Unauthenticated, Unavailable."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self._algorithms:
                raise _invalid("This token is signed in a way that is not accepted.")
            key = await self._keys.key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except ExpiredSignatureError as error:
            raise Unauthenticated("TOKEN_EXPIRED", "This token has expired.") from error
        except (PyJWTError, ValueError, TypeError) as error:  # what a caller can put into a token is anything
            raise _invalid("This token is not valid.") from error
        return Caller(tenant=f"jwt:{_subject(claims)}", scopes=self._scopes(claims))

    def _scopes(self, claims: dict[str, Any]) -> frozenset[Scope]:
        """`scope` (RFC 8693, 4.2: words) or `scp` (a list, as some providers write it); unknown words mean nothing."""
        named = claims.get("scope", claims.get("scp", ""))
        words = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
        return frozenset(scope for scope in Scope if scope in words) or self._default


def _subject(claims: dict[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _invalid(f"The token's subject must be printable and have 1 to {MAX_SUBJECT} characters.")
    return subject


def _invalid(message: str) -> Unauthenticated:
    return Unauthenticated("TOKEN_INVALID", message)
