"""Reads a `values.yaml` with its comments: `# -- text` describes a value, `# @schema key:value;…` bounds it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

_DESCRIPTION: Final = re.compile(r"^\s*# -- (.*)$")
_SCHEMA: Final = re.compile(r"^\s*# @schema (.*)$")
_COMMENT: Final = re.compile(r"^\s*# ?(.*)$")


@dataclass(frozen=True, kw_only=True)
class Value:
    """One key of a values file."""

    key: str

    default: Any
    """As YAML reads it."""

    description: str = ""
    """Of the `# --` comment above it."""

    bounds: Mapping[str, Any] = field(default_factory=dict)
    """JSON schema keywords of the `# @schema` comment, in place of those that the default shows."""

    children: tuple["Value", ...] = ()
    """The keys of a mapping whose keys are fixed."""


def read(path: Path) -> tuple[Value, ...]:
    """The top-level values of a file; raises ValueError naming the line of a comment that is no schema."""
    text = path.read_text()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{path} is no mapping")
    return tuple(_values(node, text.splitlines(), yaml.safe_load(text)))


def _values(node: yaml.MappingNode, lines: list[str], defaults: Mapping[str, Any]) -> Iterator[Value]:
    for key, value in node.value:
        description, bounds = _comments(lines, key.start_mark.line)
        default = defaults[key.value]
        fixed = isinstance(value, yaml.MappingNode) and default and "additionalProperties" not in bounds
        yield Value(
            key=key.value,
            default=default,
            description=description,
            bounds=bounds,
            children=tuple(_values(value, lines, default)) if fixed else (),
        )


def _comments(lines: list[str], line: int) -> tuple[str, dict[str, Any]]:
    """Description and bounds in the comment right above a line."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    words: list[str] = []
    bounds: dict[str, Any] = {}
    described = False
    for number in range(first, line):
        if found := _SCHEMA.match(lines[number]):
            bounds.update(_bounds(found[1], number + 1))
        elif found := _DESCRIPTION.match(lines[number]):
            described = True
            words = [found[1]]
        elif described and (found := _COMMENT.match(lines[number])):
            words.append(found[1])
    return " ".join(words), bounds


def _bounds(text: str, line: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in text.split(";"):
        keyword, colon, value = part.partition(":")
        if not colon:
            raise ValueError(f"line {line}: {part!r} is not `keyword:value`")
        result[keyword.strip()] = value if keyword.strip() == "pattern" else yaml.safe_load(value)
    return result
