"""API keys: what is kept of them, the file they are in, the command that makes them, and a door without any."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.api.auth import ANYBODY, Scope
from gateway.api.auth import keyring as keyring_module
from gateway.api.auth import keys_command as command
from gateway.api.auth.api_keys import draw
from gateway.api.auth.credentials import credential
from gateway.api.auth.keyring import KeyRing, KeysError
from gateway.api.auth.settings import IdentitySettings, make_authenticator
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import Unauthenticated
from tests.fixtures.api_keys import key_file, key_holder

LOOPBACK = ("127.0.0.1:8000", "[::1]:50050")


async def test_a_key_is_good_for_its_tenant_and_nothing_of_it_is_kept() -> None:
    holder = key_holder("app", Scope.READ)
    caller = await KeyRing(text=holder.toml).identify(holder.key)
    assert (caller.tenant, caller.scopes) == ("key:app", frozenset({Scope.READ}))
    secret = holder.key.split("_", 2)[2]
    assert secret not in holder.toml
    assert re.search(r'sha256 = "[0-9a-f]{64}"', holder.toml)


async def test_other_keys_are_not_good() -> None:
    one, other = key_holder("one"), key_holder("other")
    ring = KeyRing(text=one.toml)
    swapped = one.key[:-1] + ("A" if one.key[-1] != "A" else "B")
    other_id = one.key[:15] + "_" + other.key[16:]
    for wrong in (other.key, swapped, other_id, one.key + "x", one.key[:-1], "modomo_", "", "Bearer", one.key.upper()):
        with pytest.raises(Unauthenticated) as caught:
            await ring.identify(wrong)
        assert caught.value.reason == "KEY_INVALID"
        assert (wrong or "?") not in caught.value.message


async def test_an_expired_key_is_not_good() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    past, future = (key_holder("app", expires=now + timedelta(days=days)) for days in (-1, 1))
    ring = KeyRing(text=key_file(past, future))
    await ring.identify(future.key)
    with pytest.raises(Unauthenticated):
        await ring.identify(past.key)


async def test_a_changed_file_counts_at_once_and_a_broken_one_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_module, "LOOK_SECONDS", 0.0)
    old, new, fixed = key_holder("app"), key_holder("app"), key_holder("fixed")
    path = tmp_path / "keys.toml"
    path.write_text(old.toml)
    ring = KeyRing(path=path, text=fixed.toml)
    assert len(ring) == 2
    path.write_text(key_file(old, new))
    for holder in (old, new, fixed):  # while one is replaced by the other, both are good
        await ring.identify(holder.key)
    path.write_text("[[key]\n")
    await ring.identify(old.key)
    path.write_text(new.toml)
    await ring.identify(new.key)
    with pytest.raises(Unauthenticated):
        await ring.identify(old.key)
    path.unlink()
    await ring.identify(new.key)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("key = 1", "key"),
        ("[[key]]", "id"),
        ("nonsense", "keys.toml"),
        ("{good}\n{good}", "same id"),
        ("{good}\nsecret = 1", "secret"),
        ("{good}\nexpires = 2027-01-01T00:00:00", "time zone"),
        ("{good}\nunits_per_minute = -1", "units_per_minute"),
        ("{bad_scope}", "scopes"),
        ("{bad_tenant}", "owner"),
        ("{bad_digest}", "sha256"),
        ("{bad_id}", "id"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    good = key_holder("app").toml
    variants = {
        "good": good,
        "bad_scope": good.replace('"read"', '"everything"'),
        "bad_tenant": good.replace('"app"', '"a b"'),
        "bad_digest": re.sub(r'sha256 = ".', 'sha256 = "X', good),
        "bad_id": re.sub(r'id = ".', 'id = "', good),
    }
    path = tmp_path / "keys.toml"
    path.write_text(text.format(**variants))
    with pytest.raises(KeysError, match=named) as caught:
        KeyRing(path=path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="No such file"):
        KeyRing(path=tmp_path / "none.toml")


async def test_the_command_adds_keys_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys.toml"
    keys = []
    for arguments in (["app"], ["ops", "--scopes", "admin", "--days", "30", "--units-per-minute", "9", "--batch"]):
        assert command.main(["new", *arguments, "--append", str(path)]) == 0
        keys.append(capsys.readouterr().out.strip())
    assert path.stat().st_mode & 0o077 == 0
    ring = KeyRing(path=path)
    app, ops = [await ring.identify(key) for key in keys]
    assert (app.tenant, app.scopes, app.batch) == ("key:app", frozenset({Scope.SUBMIT, Scope.READ}), False)
    assert (ops.tenant, ops.scopes, ops.units_per_minute, ops.batch) == ("key:ops", frozenset({Scope.ADMIN}), 9, True)

    path.write_text("broken")
    assert command.main(["new", "app", "--append", str(path)]) == 1
    assert path.read_text() == "broken"
    assert command.main(["new", "not a name"]) == 1
    assert "owner" in capsys.readouterr().err
    assert command.main(["new", "app"]) == 0
    printed = capsys.readouterr()
    await KeyRing(text=printed.err).identify(printed.out.strip())


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


async def test_without_keys_the_door_is_open_on_loopback_alone() -> None:
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
