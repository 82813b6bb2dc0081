"""What counts as a key or token in headers."""

import pytest

from gateway.api.auth.credentials import credential
from servicekit.errors import Unauthenticated


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ""),
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer  abc "}, "abc"),
        ({"x-api-key": "abc"}, "abc"),
        ({"authorization": "Basic abc"}, None),
        ({"authorization": "Bearer"}, None),
        ({"authorization": "Bearer abc", "x-api-key": "abc"}, None),
        ({"x-api-key": "a" * 9000}, None),
        ({"x-api-key": "schlüssel"}, None),
    ],
)
def test_credentials(headers: dict[str, str], expected: str | None) -> None:
    if expected is None:
        with pytest.raises(Unauthenticated) as caught:
            credential(headers)
        assert caught.value.reason == "CREDENTIAL_MALFORMED"
    else:
        assert credential(headers) == expected
