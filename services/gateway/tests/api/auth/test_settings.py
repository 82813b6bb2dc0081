"""How the gateway authenticates, by its settings: with keys, and without any."""

from pathlib import Path
from typing import Any

import pytest

from gateway.api.auth import ANYBODY, Scope, keyring
from gateway.api.auth.api_keys import draw
from gateway.api.auth.settings import IdentitySettings, make_authenticator
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import Unauthenticated
from tests.fixtures.api_keys import key_holder

LOOPBACK = ("127.0.0.1:8000", "[::1]:50050")


async def test_without_keys_it_is_open_on_loopback_alone() -> None:
    authenticator = make_authenticator(IdentitySettings(), listens=LOOPBACK)
    assert authenticator.open
    assert await authenticator.caller("whatever") == ANYBODY
    for listens in (("0.0.0.0:8000", "127.0.0.1:1"), ("127.0.0.1:1", "[::]:50050"), (":8000",), ("gateway:8000",)):
        with pytest.raises(SettingsError, match="API key"):
            make_authenticator(IdentitySettings(), listens=listens)
        assert make_authenticator(IdentitySettings(auth="insecure"), listens=listens).open
    with pytest.raises(SettingsError, match="required"):
        make_authenticator(IdentitySettings(auth="required"), listens=LOOPBACK)


async def test_with_keys_it_is_locked_wherever_it_is() -> None:
    authenticator = make_authenticator(IdentitySettings(api_keys=key_holder("app").toml), listens=LOOPBACK)
    assert not authenticator.open
    with pytest.raises(Unauthenticated) as caught:
        await authenticator.caller("")
    assert caught.value.reason == "CREDENTIAL_MISSING"
    with pytest.raises(SettingsError, match="MODOMO_GATEWAY_API_KEYS"):
        make_authenticator(IdentitySettings(api_keys="nonsense"), listens=LOOPBACK)


@pytest.mark.parametrize("auth", ["auto", "required"])
@pytest.mark.parametrize("text", ["", "\n", "# keys come later\n"])
def test_keys_that_are_named_and_empty_open_nothing(tmp_path: Path, auth: Any, text: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="nobody could come in"):
        make_authenticator(IdentitySettings(auth=auth, api_keys_file=path), listens=LOOPBACK)
    if text:
        with pytest.raises(SettingsError, match="nobody could come in"):
            make_authenticator(IdentitySettings(auth=auth, api_keys=text), listens=LOOPBACK)
    path.write_text(key_holder("app").toml)
    assert not make_authenticator(IdentitySettings(auth=auth, api_keys_file=path), listens=LOOPBACK).open


async def test_a_file_that_loses_its_last_key_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    path, holder = tmp_path / "keys.toml", key_holder("app")
    path.write_text(holder.toml)
    authenticator = make_authenticator(IdentitySettings(api_keys_file=path), listens=LOOPBACK)
    await authenticator.caller(holder.key)
    path.write_text("")
    for credential in (holder.key, ""):
        with pytest.raises(Unauthenticated):
            await authenticator.caller(credential)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTH", "maybe"),
        ("JWT_ISSUER", "https://issuer.example"),
        ("JWT_AUDIENCE", "modomo"),
        ("JWT_ALGORITHMS", "HS256"),
        ("JWT_ALGORITHMS", "none"),
        ("JWT_SCOPES", "everything"),
        ("TICKET_SECONDS", "0"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){variable}"):
        env.read(IdentitySettings, prefix="MODOMO_GATEWAY_", environ={f"MODOMO_GATEWAY_{variable}": value})


def test_keys_are_drawn_anew_each_time_and_show_in_no_repr() -> None:
    drawn = {draw("app", (Scope.READ,))[0] for _ in range(100)}
    assert len(drawn) == 100
    assert "sha256" not in repr(IdentitySettings(api_keys=key_holder("app").toml))
