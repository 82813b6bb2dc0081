"""What gateway and notifier must agree on about webhooks: secrets, and which addresses may be called."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from servicekit.config.env import shared
from servicekit.webhooks.ssrf import AddressPolicy

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with, and none itself
_SECRET_BYTES: Final = range(24, 65)
"""What Standard Webhooks allows."""


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """Settings of webhooks."""

    webhook_secrets: tuple[str, ...] = shared((), secret=True)
    """`whsec_…`; each signs every delivery. To rotate: add one, tell receivers, remove the old. None: no webhooks."""

    webhook_networks: tuple[str, ...] = shared(())
    """Networks that may be called though they are not public, `10.0.0.0/8`; plain HTTP is allowed to these alone."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the setting that makes no sense; no secret is shown."""
        for secret in self.webhook_secrets:
            secret_bytes(secret)
        try:
            AddressPolicy(self.webhook_networks)
        except ValueError as error:
            raise ValueError(f"MODOMO_WEBHOOK_NETWORKS: {error}") from error


def secret_bytes(secret: str) -> bytes:
    """The key inside a secret; raises ValueError, whose text does not show it."""
    encoded = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if encoded == secret or len(key) not in _SECRET_BYTES:
        raise ValueError("MODOMO_WEBHOOK_SECRETS must be whsec_ and 24 to 64 bytes in base64, each")
    return key


def tenant_secret(secret: str, tenant: str) -> str:
    """The secret of one tenant's receivers; its own, so that it cannot sign messages to other tenants in our name.

    HMAC-SHA256 of the tenant's name, empty where there are no tenants: nobody is told the secret itself.
    """
    key = hmac.digest(secret_bytes(secret), f"webhooks of {tenant}".encode(), hashlib.sha256)
    return SECRET_PREFIX + base64.b64encode(key).decode()
