"""Whether a request to a receiver of one's own comes from the service."""

from collections.abc import Mapping, Sequence
from typing import cast

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from modomo.client.types import WebhookMessage


class WebhookRefused(Exception):  # noqa: N818 - says what is the case
    """A request that is not the service's, was changed on its way, or is older than five minutes."""


def verify_webhook(body: bytes, headers: Mapping[str, str], secrets: str | Sequence[str]) -> WebhookMessage:
    """What the service tells; raises WebhookRefused. The same message may come twice: see `webhook-id`.

    `body` as it was received; `secrets` as `webhook_secrets()` tells them, of which one has to fit.
    """
    problem: Exception | None = None
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        try:
            return cast(WebhookMessage, Webhook(secret).verify(body, dict(headers)))
        except (WebhookVerificationError, ValueError) as error:  # ValueError: a signature that is no base64, no JSON
            problem = error
    raise WebhookRefused(str(problem) if problem else "There is no secret to check with.")
