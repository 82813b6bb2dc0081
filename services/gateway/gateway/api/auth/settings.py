"""Who may come in, by settings, and the authenticator that they make."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from gateway.api.auth import ANYBODY, Authenticator, Caller, Scope
from gateway.api.auth.api_keys import PREFIX
from gateway.api.auth.keyring import KeyRing, KeysError
from gateway.api.public_address import is_loopback
from servicekit.config.env import SettingsError
from servicekit.errors import Unauthenticated
from servicekit.observability import logs

if TYPE_CHECKING:
    from gateway.api.auth.jwt import TokenVerifier

log = logs.get(__name__)

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures that a public key verifies. Shared secrets (HS…) and `none` are no choice."""

_HOW: Final = (
    "make an API key (python -m gateway keys new TENANT --append FILE) and name the file in "
    "MODOMO_GATEWAY_API_KEYS_FILE, or let everybody in with MODOMO_GATEWAY_AUTH=insecure"
)


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """How callers are authenticated."""

    auth: Literal["auto", "required", "insecure"] = "auto"
    """`auto`: keys are asked for where keys or an issuer are named; without them, only loopback is served."""

    api_keys_file: Path | None = None
    """TOML with one `[[key]]` a key; read again when it changes."""

    api_keys: str = field(default="", repr=False)
    """The same as text, for deployments that know secrets as variables."""

    jwt_issuer: str = ""
    """`iss` of accepted tokens; empty accepts none."""

    jwt_audience: str = ""
    """`aud` of accepted tokens."""

    jwt_jwks: str = ""
    """Path or `https://` URL of the issuer's public keys."""

    jwt_algorithms: tuple[str, ...] = ("RS256", "ES256")
    """Signatures that are accepted."""

    jwt_scopes: tuple[Scope, ...] = ()
    """What a token may do that names none of our scopes."""

    ticket_seconds: int = 60
    """How long the ticket in a `websocket_url` is good."""

    def __post_init__(self) -> None:
        """Raises ValueError naming a setting that makes no sense."""
        if self.jwt_issuer and not (self.jwt_audience and self.jwt_jwks):
            raise ValueError("jwt_issuer needs jwt_audience and jwt_jwks")
        if (self.jwt_audience or self.jwt_jwks) and not self.jwt_issuer:
            raise ValueError("jwt_audience and jwt_jwks need jwt_issuer")
        if self.jwt_issuer:
            from gateway.api.auth.jwks import fetcher  # noqa: PLC0415 - where there is an issuer; 8 MB with its library

            fetcher(self.jwt_jwks)
        if not self.jwt_algorithms or not set(self.jwt_algorithms) <= ALGORITHMS:
            raise ValueError(f"jwt_algorithms must be some of {', '.join(sorted(ALGORITHMS))}")
        if not 5 <= self.ticket_seconds <= 3600:
            raise ValueError("ticket_seconds must lie in 5–3600")


def make_authenticator(settings: IdentitySettings, *, listens: tuple[str, ...]) -> Authenticator:
    """The authenticator that the settings ask for; raises SettingsError where it would admit the world by mistake."""
    try:
        keys = KeyRing(text=settings.api_keys, path=settings.api_keys_file)
    except KeysError as error:
        raise SettingsError(f"MODOMO_GATEWAY_API_KEYS_FILE: API keys cannot be read: {error}") from error
    if settings.auth == "insecure":
        log.warning("everybody may come in: MODOMO_GATEWAY_AUTH=insecure", listens=listens)
        return OpenAuthenticator()
    if len(keys) or settings.jwt_issuer:
        return KeyAuthenticator(keys, _verifier(settings) if settings.jwt_issuer else None)
    if settings.auth == "required":
        raise SettingsError(f"MODOMO_GATEWAY_AUTH=required, and nobody could come in: {_HOW}")
    if settings.api_keys or settings.api_keys_file:  # whoever names keys wants them asked for
        raise SettingsError(f"API keys are named and there are none, so nobody could come in: {_HOW}")
    if not all(is_loopback(listen.rpartition(":")[0].strip("[]")) for listen in listens):
        raise SettingsError(f"listening on {', '.join(listens)} without API keys: {_HOW}")
    log.warning("no API keys: everybody on this machine may come in", listens=listens)
    return OpenAuthenticator()


class OpenAuthenticator:
    """Lets everybody in."""

    open = True

    async def caller(self, credential: str) -> Caller:
        """Anybody, whatever is shown."""
        del credential
        return ANYBODY


class KeyAuthenticator:
    """Lets in who shows a key of ours or a token of the issuer's."""

    open = False

    def __init__(self, keys: KeyRing, tokens: "TokenVerifier | None") -> None:
        self._keys = keys
        self._tokens = tokens

    async def caller(self, credential: str) -> Caller:
        """Who shows this; raises Unauthenticated, Unavailable."""
        if not credential:
            raise Unauthenticated("CREDENTIAL_MISSING", "Send an API key: `Authorization: Bearer …` or `X-API-Key`.")
        if self._tokens is None or credential.startswith(PREFIX):
            return await self._keys.identify(credential)
        return await self._tokens.identify(credential)


def _verifier(settings: IdentitySettings) -> "TokenVerifier":
    from gateway.api.auth.jwks import KeySet, fetcher  # noqa: PLC0415 - as above
    from gateway.api.auth.jwt import TokenVerifier  # noqa: PLC0415 - as above

    return TokenVerifier(
        KeySet(fetcher(settings.jwt_jwks)),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
        default_scopes=settings.jwt_scopes,
    )
