"""Signatures of Standard Webhooks: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, one a secret."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from servicekit.webhooks import secret_bytes, tenant_secret


class Signer:
    """Signs with every secret, so that receivers may change from one to the next when they like."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """`whsec_…`, one or more; raises ValueError for what is none."""
        self._secrets = tuple(secrets)

    def headers(self, message_id: str, body: bytes, *, tenant: str, timestamp: int) -> dict[str, str]:
        """What proves a message to a tenant's receiver.

        `timestamp`, seconds since the epoch, keeps old messages from being replayed.
        """
        signed = f"{message_id}.{timestamp}.".encode() + body
        keys = [secret_bytes(tenant_secret(secret, tenant)) for secret in self._secrets]
        signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        }
