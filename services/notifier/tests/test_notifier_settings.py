"""What the notifier refuses to start with."""

import pytest

from notifier.settings import Settings

GOOD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    "secret", ["secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all, is it?!", "MfKQ9r8GKYqr"]
)
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="MODOMO_WEBHOOK_SECRETS") as caught:
        Settings(webhook_secrets=(secret,))
    assert secret not in str(caught.value).replace("whsec_ and", "") or secret == "whsec_"
    assert GOOD not in repr(Settings(webhook_secrets=(GOOD,)))
