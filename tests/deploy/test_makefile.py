"""The Makefile is read by GNU make 3.81, which macOS has."""

import re
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"

NEWER = {
    "assignment by a shell": r"^\s*[\w.-]+\s*!=",  # 4.0
    "::= and :::=": r"::=",  # 4.0, 4.4
    "define with an assignment": r"^define\s+\S+\s*[:?+!]?=",  # 3.82
    "private, undefine, load": r"^(private|undefine|-?load)\s|:\s*private\s",  # 3.82, 4.0
    "grouped targets": r"&:",  # 4.3
    "special targets": r"\.(ONESHELL|NOTINTERMEDIATE|WAIT)\b",  # 3.82, 4.4
    "special variables": r"\.(SHELLFLAGS|RECIPEPREFIX|SHELLSTATUS|EXTRA_PREREQS)\b",  # 3.82, 4.2, 4.3
    "functions": r"\$[({](file|guile|let|intcmp)\s",  # 4.0, 4.4
    "the shell's own command without a need for a shell": r"\$\(shell (command|type|hash)\b[^)<>|&;*?]*\)",
}
"""What 3.81 does not know. It looks for a command by itself where nothing in the line needs a shell: `command` is no
program on Debian, and 3.81 does not know yet that shells have it."""


def found(text: str) -> set[str]:
    return {name for name, pattern in NEWER.items() if re.search(pattern, text, re.MULTILINE)}


def test_nothing_is_newer_than_3_81() -> None:
    assert found(MAKEFILE.read_text()) == set()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("NOW != date", "assignment by a shell"),
        ("A ::= b", "::= and :::="),
        ("define X =\nx\nendef", "define with an assignment"),
        ("test: private X := 1", "private, undefine, load"),
        ("undefine X", "private, undefine, load"),
        ("a b &: c", "grouped targets"),
        (".ONESHELL:", "special targets"),
        (".RECIPEPREFIX = >", "special variables"),
        ("X := $(file <name)", "functions"),
        ("X := $(shell command -v x)", "the shell's own command without a need for a shell"),
    ],
)
def test_what_is_newer_is_found(line: str, name: str) -> None:
    assert found(line) == {name}
