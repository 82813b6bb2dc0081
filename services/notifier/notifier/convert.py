"""Requests to watch a job, and its events as answers."""

from typing import Final

from modomo.notifier.v1 import notifier_service_pb2 as pb
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Event
from servicekit.jobstore.event_proto import event_to_proto

MAX_JOB_ID_LENGTH: Final = 128


def job_id(request: pb.WatchRequest) -> str:
    """Which job; raises InvalidArgument."""
    if not 0 < len(request.job_id) <= MAX_JOB_ID_LENGTH:
        raise InvalidArgument("INVALID_JOB_ID", f"job_id must have 1–{MAX_JOB_ID_LENGTH} characters.", field="job_id")
    return request.job_id


def response(event: Event) -> pb.WatchResponse:
    """One event on the wire."""
    return pb.WatchResponse(event=event_to_proto(event))
