"""Settings of the api that are refused at the start, in words."""

from typing import Any

import pytest

from gateway.api.settings import ApiSettings
from servicekit.config.env import SettingsError, read


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://app.example/", "write that"),
        ("https://app.example/path", "'https://app.example'"),
        ("https://app.example:443", "'https://app.example'"),
        ("http://localhost:80/", "'http://localhost'"),
        ("https://App.Example", "'https://app.example'"),
        ("https://user@app.example", "'https://app.example'"),
        ("app.example", "https://host"),
        ("localhost:5173", "https://host"),
        ("https://", "https://host"),
        ("https://app.example:port", "no origin"),
        ("https://*.app.example", "no origin"),
    ],
)
def test_origins_that_no_browser_sends(origin: str, said: str) -> None:
    environ = {"MODOMO_GATEWAY_CORS_ORIGINS": f"https://other.example,{origin}"}
    with pytest.raises(SettingsError) as caught:
        read(ApiSettings, prefix="MODOMO_GATEWAY_", environ=environ)
    assert "cors_origins" in str(caught.value)
    assert repr(origin) in str(caught.value)
    assert said in str(caught.value)


def test_origins_as_browsers_send_them() -> None:
    origins = ("https://app.example", "http://localhost:5173", "http://[::1]", "null", "*")
    more = ("capacitor://localhost", "chrome-extension://abcdefghijklmnop")
    settings: dict[str, Any] = {"cors_origins": origins + more}
    assert ApiSettings(**settings).cors_origins == origins + more
