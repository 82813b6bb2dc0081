"""Settings from the environment, read once into a frozen dataclass.

A field `detection_address` of a class read with the prefix `MODOMO_GATEWAY_` comes from
`MODOMO_GATEWAY_DETECTION_ADDRESS`. A field whose metadata says `shared` (made by `shared()`) is named
`MODOMO_<FIELD>` for every service alike. Defaults are the dataclass's own; an invalid value is refused with the
variable's name.
"""

import dataclasses
import math
import os
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

Settings = TypeVar("Settings")

PREFIX: Final = "MODOMO_"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


class SettingsError(Exception):
    """A variable is missing or invalid; the message names it and says what is expected."""


def shared(default: Any, *, secret: bool = False) -> Any:  # noqa: ANN401 - like dataclasses.field, typed as the field
    """A field whose variable has no service in its name, `MODOMO_LOG_LEVEL`; a secret one is left out of the repr."""
    return dataclasses.field(default=default, repr=not secret, metadata={"shared": True})


def variable_name(field: dataclasses.Field[Any], prefix: str) -> str:
    """The environment variable that a field is read from."""
    return f"{PREFIX if field.metadata.get('shared') else prefix}{field.name.upper()}"


def read(settings: type[Settings], *, prefix: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads every field of a dataclass; raises SettingsError naming the first variable that is wrong."""
    hints = typing.get_type_hints(settings)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]  # the type variable is a dataclass by contract
        name = variable_name(field, prefix)
        text = environ.get(name, "")
        if text:
            values[field.name] = _parse(name, text, hints[field.name])
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SettingsError(f"{name} is not set")
    try:
        return settings(**values)
    except ValueError as error:
        raise SettingsError(f"{prefix}*: {error}") from error


def _parse(name: str, text: str, kind: Any) -> Any:  # noqa: ANN401 - the field's type decides
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        (kind,) = (option for option in typing.get_args(kind) if option is not type(None))
    if typing.get_origin(kind) is tuple:
        return tuple(_parse(name, part.strip(), typing.get_args(kind)[0]) for part in text.split(",") if part.strip())
    if typing.get_origin(kind) is typing.Literal:
        if text not in typing.get_args(kind):
            raise SettingsError(f"{name} must be one of {', '.join(typing.get_args(kind))}, not {text!r}")
        return text
    if kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise SettingsError(f"{name} must be true or false, not {text!r}")
        return text.lower() in _TRUE
    if isinstance(kind, type) and issubclass(kind, StrEnum) and text not in set(kind):
        raise SettingsError(f"{name} must be one of {', '.join(kind)}, not {text!r}")
    reader: Callable[[str], Any] = Path if kind is Path else kind
    try:
        value = reader(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be of type {kind.__name__}, not {text!r}") from error
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{name} must be finite, not {text!r}")
    return value
