"""The job store's events as wire messages, and requests to watch them."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from modomo.notifier.v1 import notifier_service_pb2 as pb
from modomo.type.v1 import job_pb2
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Event, JobStatus

MAX_JOB_ID_LENGTH: Final = 128
MAX_SEQ: Final = 2**53
"""Far beyond any job's, and still exact wherever a number is a double."""

_STATUSES: Final = {status: job_pb2.JobStatus.Value(f"JOB_STATUS_{status.name}") for status in JobStatus}


def job_id(request: pb.WatchRequest) -> str:
    """Which job; raises InvalidArgument."""
    if not 0 < len(request.job_id) <= MAX_JOB_ID_LENGTH:
        raise InvalidArgument("INVALID_JOB_ID", f"job_id must have 1–{MAX_JOB_ID_LENGTH} characters.", field="job_id")
    return request.job_id


def after_seq(request: pb.WatchRequest) -> int:
    """From where; raises InvalidArgument."""
    if request.after_seq > MAX_SEQ:
        raise InvalidArgument("OUT_OF_RANGE", "after_seq is no event's number.", field="after_seq")
    return request.after_seq


def response(event: Event) -> pb.WatchResponse:
    """One event on the wire."""
    timestamp = Timestamp()
    timestamp.FromDatetime(event.timestamp)
    return pb.WatchResponse(
        event=job_pb2.JobEvent(
            job_id=event.job_id,
            seq=event.seq,
            status=_STATUSES[event.status],
            progress=event.progress,
            message=event.message,
            timestamp=timestamp,
            step=event.step,
            total_steps=event.total_steps,
            preview_key=event.preview_key,
            traceparent=event.traceparent,
        )
    )
