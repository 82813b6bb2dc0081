"""Reads what the server stores as the job store's values, and writes for scripts what they end jobs with."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from servicekit.jobstore import Event, Job, JobStatus, catalog

_EVENTS: Final = msgspec.json.Decoder(Event, strict=False)  # timestamps are numbers: seconds since the epoch


def event(text: str) -> Event:
    """An event as scripts write it."""
    return _EVENTS.decode(text)


def fields(flat: Sequence[str]) -> dict[str, str]:
    """A hash as a script returns it, names and values in turn."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def lowest_score(answer: Sequence[Any]) -> float | None:
    """Of what `ZRANGE key 0 0 WITHSCORES` answers, in pairs or flat; None where there is nothing."""
    if not answer:
        return None
    return float(answer[0][1] if isinstance(answer[0], list | tuple) else answer[1])


def scored(answer: Sequence[Any]) -> list[tuple[str, float]]:
    """Members and scores of what a command answers `WITHSCORES`, in pairs or flat."""
    if answer and isinstance(answer[0], list | tuple):
        return [(str(member), float(score)) for member, score in answer]
    return [(str(member), float(score)) for member, score in zip(answer[::2], answer[1::2], strict=True)]


def job(job_id: str, fields: Mapping[str, str], *, queue_position: int, work_ahead: int = 0) -> Job:
    """A record from its hash."""
    return Job(
        job_id=job_id,
        tenant=fields.get("tenant", ""),
        status=JobStatus(fields["status"]),
        progress=float(fields["progress"]),
        message=fields["message"],
        payload=fields["payload"],
        result=fields.get("result", ""),
        error=fields.get("error", ""),
        preview_key=fields.get("preview_key", ""),
        created_at=time(fields["created_at"]),
        expires_at=time(fields["expires_at"]),
        started_at=time(fields["started_at"]) if "started_at" in fields else None,
        ended_at=time(fields["ended_at"]) if "ended_at" in fields else None,
        deliveries=int(fields["deliveries"]),
        purging="purging" in fields,
        queue_position=queue_position,
        work_ahead=work_ahead,
        traceparent=fields.get("traceparent", ""),
    )


def failures() -> str:
    """What scripts may fail a job with, as JSON: name → public message and the record's `error`."""
    catalogue = {
        "waited_too_long": catalog.WAITED_TOO_LONG,
        "ran_too_long": catalog.RAN_TOO_LONG,
        "gave_up": catalog.GAVE_UP,
    }
    known = {name: {"message": failure.message, "error": failure.as_json()} for name, failure in catalogue.items()}
    return msgspec.json.encode(known).decode()


def time(milliseconds: str) -> datetime:
    """A moment as scripts store it: milliseconds since the epoch."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
