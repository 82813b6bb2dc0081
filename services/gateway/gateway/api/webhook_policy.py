"""Which addresses webhooks may call, and the secrets that sign them."""

from collections.abc import Sequence
from typing import Final

from servicekit.errors import InvalidArgument
from servicekit.webhooks import WebhookSettings, tenant_secret
from servicekit.webhooks.ssrf import AddressPolicy, AddressRefused

FIELD: Final = "webhook_url"


class WebhookPolicy:
    """What the settings allow."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._secrets = settings.webhook_secrets
        self._addresses = AddressPolicy(settings.webhook_networks)

    def validate(self, url: str) -> None:
        """Raises InvalidArgument for a URL that must not be called; empty is fine.

        Host names are resolved when a delivery is made, and only then: what they resolve to may change.
        """
        if not url:
            return
        if not self._secrets:
            raise InvalidArgument("WEBHOOKS_OFF", "This server sends no webhooks.", field=FIELD)
        try:
            self._addresses.parse(url)
        except AddressRefused as error:
            raise InvalidArgument("WEBHOOK_URL_REFUSED", f"{FIELD} {error}", field=FIELD) from error

    def secrets(self, tenant: str) -> Sequence[str]:
        """What a tenant's receiver checks signatures with, the newest last."""
        return [tenant_secret(secret, tenant) for secret in self._secrets]
