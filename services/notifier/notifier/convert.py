"""Requests to watch a job, and its events as answers."""

from collections.abc import Iterator, Sequence
from typing import Final

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.type.v1 import job_pb2
from servicekit.errors import InvalidArgument

MAX_JOB_ID_LENGTH: Final = 128


def job_id(request: pb.WatchRequest) -> str:
    """Which job; raises InvalidArgument."""
    if not 0 < len(request.job_id) <= MAX_JOB_ID_LENGTH:
        raise InvalidArgument("INVALID_JOB_ID", f"job_id must have 1–{MAX_JOB_ID_LENGTH} characters.", field="job_id")
    return request.job_id


def responses(events: Sequence[job_pb2.JobEvent], *, several: bool) -> Iterator[pb.WatchResponse]:
    """All of them, at least one, in one answer where the watcher takes several, or in one each."""
    if several:
        yield pb.WatchResponse(event=events[0], following=events[1:])
    else:
        yield from (pb.WatchResponse(event=event) for event in events)
