"""Signatures of Standard Webhooks, one a secret."""

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from servicekit.webhooks import tenant_secret


class Signer:
    """Signs with every secret, so that receivers may change from one to the next when they like."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """`whsec_…`, one or more, as WebhookSettings has checked them."""
        self._secrets = tuple(secrets)

    def headers(self, message_id: str, body: bytes, *, tenant: str, timestamp: int) -> dict[str, str]:
        """What proves a message, UTF-8, to a tenant's receiver.

        `timestamp`, seconds since the epoch, keeps old messages from being replayed.
        """
        moment, text = datetime.fromtimestamp(timestamp, UTC), body.decode()
        webhooks = [Webhook(tenant_secret(secret, tenant)) for secret in self._secrets]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(webhook.sign(message_id, moment, text) for webhook in webhooks),
        }
