"""Events to `modomo.type.v1.JobEvent` and back."""

from datetime import UTC
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from modomo.type.v1 import job_pb2
from servicekit.jobstore import Event, JobStatus

_TO_PROTO: Final = {status: job_pb2.JobStatus.Value(f"JOB_STATUS_{status.name}") for status in JobStatus}
_FROM_PROTO: Final = {value: status for status, value in _TO_PROTO.items()}


def status_to_proto(status: JobStatus) -> job_pb2.JobStatus.ValueType:
    """The enum value on the wire."""
    return _TO_PROTO[status]


def event_to_proto(event: Event) -> job_pb2.JobEvent:
    """One event on the wire."""
    timestamp = Timestamp()
    timestamp.FromDatetime(event.timestamp)
    return job_pb2.JobEvent(
        job_id=event.job_id,
        seq=event.seq,
        status=_TO_PROTO[event.status],
        progress=event.progress,
        message=event.message,
        timestamp=timestamp,
        step=event.step,
        total_steps=event.total_steps,
        preview_key=event.preview_key,
        traceparent=event.traceparent,
    )


def event_from_proto(message: job_pb2.JobEvent) -> Event:
    """Back from the wire; raises ValueError for a status that this version lacks."""
    if message.status not in _FROM_PROTO:
        raise ValueError(f"no job has status {message.status}")
    return Event(
        job_id=message.job_id,
        seq=message.seq,
        status=_FROM_PROTO[message.status],
        progress=message.progress,
        message=message.message,
        timestamp=message.timestamp.ToDatetime(tzinfo=UTC),
        step=message.step,
        total_steps=message.total_steps,
        preview_key=message.preview_key,
        traceparent=message.traceparent,
    )
