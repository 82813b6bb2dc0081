"""The lint of names: what the glossary has retired is refused where it names something, and only there."""

import pytest

from tools import retired_names

GLOSSARY = """
| term | meaning | not |
|---|---|---|
| transport | how a caller comes in | `door` |
| authenticator | turns a credential into a caller | `Gate` |
| validate | refuse a malformed value | `require()` |
| retry | do again | `patience.py` |
| sink | one that is not retired | |
"""
NAMES = retired_names.retired(GLOSSARY)


def test_the_last_column_is_read_with_the_term_that_took_its_place() -> None:
    assert NAMES == {"door": "transport", "Gate": "authenticator", "require()": "validate", "patience.py": "retry"}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("gateway/patience.py", ""),
        ("gateway/door/convert.py", ""),
        ("a.py", "class Gate: ..."),
        ("a.py", "class _Gate: ..."),
        ("a.py", "class GrpcDoor: ..."),
        ("a.py", "def require(text): ..."),
        ("a.py", "class Rules:\n    async def require(self): ..."),
        ("a.py", "def _open_door(): ..."),
        ("a.py", "def serve(door): ..."),
        ("a.py", 'SECONDS = Histogram("seconds", "Seconds", ["door"])'),
        ("a.py", 'SECONDS = Histogram("seconds", "Seconds", labelnames=("door",))'),
    ],
)
def test_a_retired_name_is_refused(path: str, source: str) -> None:
    (refusal,) = retired_names.refusals(path, source, NAMES)
    assert refusal.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("gateway/gate.py", "class Gateway: ..."),
        ("a.py", "def require_key(text): ..."),
        ("a.py", "patience = 3"),
        ("a.py", 'WORDS = ["door"]'),
        ("research/roomnet/rooms/door.py", "def hang_door(desk): ..."),
    ],
)
def test_other_names_are_free(path: str, source: str) -> None:
    assert list(retired_names.refusals(path, source, NAMES)) == []


def test_nothing_in_this_project_has_a_retired_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert retired_names.main() == 0, capsys.readouterr().out
