"""What tells room types apart, as data for the classifiers."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from servicekit.types.rooms import RoomType

CLASSES: Final = len(RoomType) + 1
"""One a room type, in the order of RoomType, and one for all that is no room."""
ELSEWHERE: Final = len(RoomType)

_SEPARATORS: Final = re.compile(r"[_/\-\s]+")


def prompts() -> list[tuple[int, tuple[str, ...]]]:
    """Classes of a zero-shot classifier: the answer that each counts for, and its prompts; lower case."""
    listed = _table()["prompts"]
    rooms = [(index, tuple(listed[room])) for index, room in enumerate(RoomType)]
    return rooms + [(ELSEWHERE, (prompt,)) for prompt in listed["elsewhere"]]


def classes_of(labels: Mapping[int, str]) -> list[int]:
    """For each of a classifier's labels, in their order, the answer that it counts for.

    Raises ValueError where no label means a room type.
    """
    means = {_plain(name): index for index, room in enumerate(RoomType) for name in _table()["labels"][room]}
    answers = [means.get(_plain(labels[index]), ELSEWHERE) for index in range(len(labels))]
    if all(answer == ELSEWHERE for answer in answers):
        raise ValueError(f"none of its labels is a room type: {', '.join(sorted(labels.values())[:10])}")
    return answers


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", name).strip().casefold()


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("controlmaps.engine").joinpath("rooms.toml").read_text("utf-8"))
