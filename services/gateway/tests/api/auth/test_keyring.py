"""API keys: what is kept of them, and the file that they are in."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.api.auth import Scope
from gateway.api.auth import keyring as keyring_module
from gateway.api.auth.keyring import KeyRing, KeysError
from servicekit.errors import Unauthenticated
from tests.fixtures.api_keys import key_file, key_holder


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
