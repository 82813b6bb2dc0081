"""JSON schemas of values: what has a default may be said, with a value of its kind; anything else is a typo."""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from deploy.chartdocs.values import Value
from servicekit.config.env import variable_name

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
ANY: Final[dict[str, Any]] = {}


def of_component(values: Sequence[Value]) -> dict[str, Any]:
    """Of one component's chart; `global` is the umbrella's affair."""
    schema = _mapping(values)
    schema["properties"]["global"] = {"type": "object"}
    return {"$schema": DIALECT, "title": "Values of one component", **schema}


def of_umbrella(values: Sequence[Value], settings: Mapping[str, tuple[str, Sequence[type[Any]]]]) -> dict[str, Any]:
    """Of the umbrella: of every component the names of its variables, and all else in full.

    `settings` has each component's prefix and the classes that its process reads.
    """
    properties: dict[str, Any] = {}
    for value in values:
        if value.key in settings:
            properties[value.key] = {"type": "object", "properties": {"env": _variables(*settings[value.key])}}
        else:
            properties[value.key] = _schema(value)
    return {
        "$schema": DIALECT,
        "title": "Values of Modomo",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _variables(prefix: str, classes: Sequence[type[Any]]) -> dict[str, Any]:
    """Variables that a process reads, and the words of those that take one of a few; others than ours pass."""
    known: dict[str, Any] = {}
    for settings in classes:
        hints = typing.get_type_hints(settings)
        for field in fields(settings):
            choices = typing.get_args(hints[field.name]) if _is_literal(hints[field.name]) else ()
            known[variable_name(field, prefix)] = {"enum": [*choices]} if choices else ANY
    return {
        "type": "object",
        "properties": dict(sorted(known.items())),
        "propertyNames": {"anyOf": [{"enum": sorted(known)}, {"not": {"pattern": "^MODOMO_"}}]},
    }


def _is_literal(hint: Any) -> bool:  # noqa: ANN401 - a type hint has no type of its own
    return typing.get_origin(hint) is typing.Literal


def _mapping(values: Sequence[Value]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {value.key: _schema(value) for value in values},
    }


def _schema(value: Value) -> dict[str, Any]:
    described = {"description": value.description} if value.description else {}
    if value.children:
        return {**described, **_mapping(value.children), **value.bounds}
    kind = {} if "enum" in value.bounds else {"type": _kind(value.default)}
    return {**described, **kind, **value.bounds}


def _kind(default: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(default)]
