"""The command that makes API keys."""

from pathlib import Path

import pytest

from gateway.api.auth import Scope
from gateway.api.auth import keys_command as command
from gateway.api.auth.keyring import KeyRing


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


def test_what_lies_beside_a_file_opens_it_to_nobody(tmp_path: Path) -> None:
    path, left_over = tmp_path / "keys.toml", tmp_path / "keys.toml.new"
    left_over.touch()
    left_over.chmod(0o666)
    assert command.main(["new", "app", "--append", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"keys.toml", "keys.toml.new"}
