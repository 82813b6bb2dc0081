"""The numbers of a job's events: 1, 2, 3, …, and 0 for before the first."""

from typing import Final

from servicekit.errors import InvalidArgument

MAX_SEQ: Final = 2**53
"""Far beyond any job's, and still exact wherever a number is a double."""


def validate_seq(value: int, *, field: str = "after_seq") -> int:
    """The number of an event as a caller gives it; raises InvalidArgument OUT_OF_RANGE where none can have it."""
    if not 0 <= value <= MAX_SEQ:
        raise InvalidArgument("OUT_OF_RANGE", f"{field} is no event's number.", field=field)
    return value
