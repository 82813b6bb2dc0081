"""From the class names of a checkpoint to our labels."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from servicekit.types.objects import ObjectLabel

_EXPLANATION: Final = re.compile(r"\(.*?\)")
_SEPARATORS: Final = re.compile(r"[_\-\s]+")


def labels_by_class(names: Mapping[int, str]) -> dict[int, ObjectLabel]:
    """Our label for every class of a checkpoint that has one, by the class's index.

    Of a name that lists several (`Cabinet/shelf`, `sofa, couch`) the first that we know decides.
    """
    found = {}
    for index, name in names.items():
        words = [name, *re.split(r"[/,;]", name)]
        label = next((_table()[plain] for plain in map(_plain, words) if plain in _table()), None)
        if label is not None:
            found[index] = label
    return found


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", _EXPLANATION.sub("", name)).strip().casefold()


@cache
def _table() -> dict[str, ObjectLabel]:
    listed = tomllib.loads(files("detection.engine").joinpath("names.toml").read_text("utf-8"))
    return {_plain(name): ObjectLabel(label) for label, names in listed.items() for name in names}
