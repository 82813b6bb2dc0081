"""Events on the wire and back."""

import dataclasses

import pytest

from modomo.type.v1 import job_pb2
from servicekit.jobstore import JobStatus
from servicekit.jobstore.event_proto import event_from_proto, event_to_proto
from tests.fixtures.jobstore import events_until


@pytest.mark.parametrize("status", JobStatus)
def test_an_event_comes_back_as_it_went(status: JobStatus) -> None:
    (event,) = events_until(1)
    event = dataclasses.replace(
        event, status=status, step=3, total_steps=20, preview_key="jobs/1/preview-3.jpg", traceparent="00-1-2-01"
    )
    sent = event_to_proto(event)
    assert event_from_proto(sent) == event
    assert {field.name for field, _ in sent.ListFields()} == {
        field.name for field in job_pb2.JobEvent.DESCRIPTOR.fields
    }
    assert job_pb2.JobStatus.Name(sent.status) == f"JOB_STATUS_{status.name}"


@pytest.mark.parametrize("status", [job_pb2.JOB_STATUS_UNSPECIFIED, 99])
def test_a_status_of_another_version_is_refused(status: job_pb2.JobStatus.ValueType) -> None:
    with pytest.raises(ValueError, match=f"status {status}"):
        event_from_proto(job_pb2.JobEvent(job_id="1", seq=1, status=status))
