"""Pages of a caller's jobs, by status where one is asked for."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.api.auth import Caller
from gateway.api.http.responses import JobWord
from gateway.api.transformations import JobView, Transformations
from gateway.jobs import ids
from servicekit.errors import InvalidArgument, NotFound
from servicekit.jobstore import Position

MAX_LISTED: Final = 100
MAX_CURSOR: Final = 64
_MAX_READ: Final = 500
"""Records that one request looks at where it asks for one status."""
_CURSOR: Final = re.compile(r"([0-9]{1,15})\.([0-9a-f-]{36})")


@dataclass(frozen=True, kw_only=True)
class FoundJobs:
    """A page."""

    views: tuple[JobView, ...]
    next_cursor: str | None


async def find(
    transformations: Transformations, caller: Caller, *, limit: int, cursor: str, word: JobWord | None
) -> FoundJobs:
    """A page of at most `limit` jobs; raises InvalidArgument for a cursor that is none, Unavailable."""
    before = _parse(cursor) if cursor else None
    found: list[JobView] = []
    read = 0
    while True:
        page = await transformations.jobs(caller, limit=limit - len(found), before=before)
        found += [view for view in page.views if word is None or view.job.status in word.stages]
        read += limit
        before = page.following
        if before is None or len(found) >= limit or word is None or read >= _MAX_READ:
            return FoundJobs(views=tuple(found), next_cursor=_text(before) if before else None)


def _text(place: Position) -> str:
    return f"{place.milliseconds}.{place.job_id}"


def _parse(cursor: str) -> Position:
    match = _CURSOR.fullmatch(cursor)
    try:
        if match:
            return Position(milliseconds=int(match[1]), job_id=ids.validate(match[2]))
    except NotFound:
        pass
    raise InvalidArgument("FIELD_INVALID", "cursor must be the next_cursor of an answer.", field="cursor")
