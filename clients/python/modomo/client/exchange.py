"""What is sent and what comes back, apart from how: the same for both clients."""

import io
import json
import os
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, cast

import httpx

from modomo.client import errors
from modomo.client.types import EventMessage, JobStatusData, Preferences, Problem, Result

Picture: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]
"""A path, bytes, or an open file."""
Photo: TypeAlias = Picture
"""The same, or the address of a photo that the service fetches, `https://…`."""

DEFAULT_URL: Final = "http://127.0.0.1:8000"
TIMEOUT: Final = httpx.Timeout(30.0, read=90.0)
STREAM_TIMEOUT: Final = httpx.Timeout(30.0, read=45.0)
"""The service says something every 15 s, and be it that nothing has happened."""
ENDINGS: Final = frozenset({"completed", "failed", "cancelled"})
MAX_PAUSE: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class FinishedJob:
    """A job that has completed."""

    job_id: str
    result: Result


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; may be sent more than once."""

    method: str
    path: str
    params: Mapping[str, str | int | float] | None = None
    headers: Mapping[str, str] | None = None
    files: Sequence[tuple[str, tuple[str | None, bytes]]] | None = None
    anonymous: bool = False
    """Whether it goes without the key: links to pictures may lead to another server, and need none."""

    def arguments(self) -> dict[str, Any]:
        """For httpx."""
        return {"url": self.path, "params": self.params, "headers": self.headers, "files": self.files}


def address(url: str | None, key: str | None) -> tuple[str, dict[str, str]]:
    """Base address and headers, from arguments or else from MODOMO_URL and MODOMO_API_KEY."""
    base = (url or os.environ.get("MODOMO_URL") or DEFAULT_URL).rstrip("/")
    key = key if key is not None else os.environ.get("MODOMO_API_KEY", "")
    return base, {"Authorization": f"Bearer {key}"} if key else {}


def submission(
    photo: Photo,
    *,
    style: str,
    preferences: Preferences | None,
    idempotency_key: str | None,
    batch: bool,
    webhook_url: str,
    webhook_events: Sequence[str],
    style_image: Picture | None = None,
    wait: float = 0,
) -> Request:
    """A submission that makes one job, however often it is sent. Reads both pictures; raises OSError."""
    parts: list[tuple[str, tuple[str | None, bytes]]] = [("style", (None, style.encode()))]
    if preferences:
        parts.append(("preferences", (None, json.dumps(preferences).encode())))
    if style_image is not None:
        parts.append(("style_image", _content(style_image)))
    if batch:
        parts.append(("priority", (None, b"batch")))
    if webhook_url:
        parts.append(("webhook_url", (None, webhook_url.encode())))
    if webhook_events:
        parts.append(("webhook_events", (None, ",".join(webhook_events).encode())))
    return Request(
        method="POST",
        path="/v1/transform/submit",
        params={"wait": wait} if wait else None,
        headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())},
        files=[*parts, _photo_part(photo)],
    )


def analysis(photo: Photo) -> Request:
    """What a photo shows. Reads it; raises OSError, ValueError for an address."""
    part = _photo_part(photo)
    if part[0] != "file":
        raise ValueError("a photo to analyze is sent, not fetched")
    return Request(method="POST", path="/v1/analyze", files=[part])


def listing(*, status: str | None, cursor: str | None, limit: int = 50) -> Request:
    """A page of the caller's jobs."""
    params: dict[str, str | int | float] = {"limit": limit}
    if status:
        params["status"] = status
    if cursor:
        params["cursor"] = cursor
    return Request(method="GET", path="/v1/transform/jobs", params=params)


def status(job_id: str, *, wait: float = 0) -> Request:
    """Where a job is."""
    return Request(method="GET", path=f"/v1/transform/status/{job_id}", params={"wait": wait} if wait else None)


def cancellation(job_id: str, *, purge: bool) -> Request:
    """The end of a job, or of everything that is known of it."""
    return Request(method="DELETE", path=f"/v1/transform/{job_id}", params={"purge": "true"} if purge else None)


def get(path: str) -> Request:
    """Anything that has an address of its own."""
    return Request(method="GET", path=path)


def picture(url: str) -> Request:
    """What a link of a result leads to."""
    return Request(method="GET", path=url, anonymous=True)


def stream(job_id: str, *, after: int) -> dict[str, Any]:
    """The events that follow one, for httpx's `stream`."""
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
    return {"method": "GET", "url": f"/v1/transform/events/{job_id}", "headers": headers, "timeout": STREAM_TIMEOUT}


def checked(response: httpx.Response) -> httpx.Response:
    """A response whose body has been read; raises the error that it is."""
    if response.is_success:
        return response
    retry_after = response.headers.get("retry-after", "")
    seconds = float(retry_after) if retry_after.isdecimal() else 0.0
    try:
        problem = cast(Problem, response.json())
        raise errors.of_problem(problem, retry_after=seconds)
    except (ValueError, KeyError, TypeError):  # not the service: a proxy before it
        raise errors.error_class("", response.status_code)(
            f"HTTP {response.status_code}",
            status=response.status_code,
            retryable=response.status_code >= 500 or response.status_code == httpx.codes.TOO_MANY_REQUESTS,
            retry_after=seconds,
        ) from None


def unreachable(error: httpx.TransportError) -> errors.Unreachable:
    """No answer."""
    return errors.Unreachable(f"{type(error).__name__}: {error}".rstrip(": "), retryable=True)


class Retries:
    """How long to wait before the same is sent again, as long as that makes sense."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is for all pauses since the last success."""
        self._left = self._seconds = seconds
        self._pause = 0.25

    def pause(self, error: errors.ModomoError) -> float:
        """Seconds until the next try; raises the error where there is to be none."""
        pause = max(error.retry_after, self._pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
        if not error.retryable or pause > self._left:
            raise error
        self._left -= pause
        self._pause = min(MAX_PAUSE, self._pause * 2)
        return pause

    def reset(self) -> None:
        """After a success."""
        self._left, self._pause = self._seconds, 0.25


class EventLines:
    """Events from the lines of a stream (HTML Living Standard, 9.2.6, as far as the service makes use of it)."""

    def __init__(self, after: int) -> None:
        self.seq = after
        """Of the last event."""

    def read(self, line: str) -> EventMessage | None:
        """The event that a line brings, if it brings a new one."""
        if not line.startswith("data:"):
            return None
        event = cast(EventMessage, json.loads(line.removeprefix("data:")))
        if event["seq"] <= self.seq:
            return None
        self.seq = event["seq"]
        return event


def ended(job: JobStatusData) -> FinishedJob:
    """What became of a job that has ended; raises JobFailed, JobCancelled."""
    if job["status"] == "cancelled":
        raise errors.JobCancelled("The job was cancelled.", code="CANCELLED")
    result = job["result"]
    if job["status"] == "failed" or result is None:
        raise errors.JobFailed(job["error"] or "The job failed.", code=job["error_code"] or "")
    return FinishedJob(job_id=job["job_id"], result=result)


def _photo_part(photo: Photo) -> tuple[str, tuple[str | None, bytes]]:
    if isinstance(photo, str) and photo.startswith("https://"):
        return "image_url", (None, photo.encode())
    return "file", _content(photo)


def _content(picture: Picture) -> tuple[str, bytes]:
    """A name and what is in it."""
    if isinstance(picture, bytes):
        return "photo", picture
    if isinstance(picture, str | os.PathLike):
        path = Path(picture)
        return path.name, path.read_bytes()
    return "photo", io.BytesIO(picture.read()).getvalue()
