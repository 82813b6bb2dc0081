"""The client for programs that wait."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack, cast

import httpx

from modomo.client import exchange
from modomo.client.errors import ModomoError
from modomo.client.exchange import ENDINGS, EventLines, FinishedJob, Photo, Picture, Request, Retries
from modomo.client.types import (
    AnalysisData,
    EventMessage,
    JobStatusData,
    JobWord,
    MaterialAnswer,
    Preferences,
    StyleAnswer,
    Submitted,
)


class Modomo:
    """A client of one service. Use it in a `with` block, or close it."""

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        retry_seconds: float = 60.0,
        http: httpx.Client | None = None,
    ) -> None:
        """`url` and `key` are else those of MODOMO_URL and MODOMO_API_KEY.

        What fails and may succeed later is sent again for as long as `retry_seconds`, as the service asks. Every method
        raises a ModomoError.
        """
        base, headers = exchange.address(url, key)
        self._http = http or httpx.Client(timeout=exchange.TIMEOUT)
        self._http.base_url = httpx.URL(base)
        self._http.headers.update(headers)
        self._retry_seconds = retry_seconds

    def restyle(
        self,
        photo: Photo,
        *,
        style: str,
        style_image: Picture | None = None,
        on_progress: Callable[[EventMessage], object] | None = None,
        **preferences: Unpack[Preferences],
    ) -> FinishedJob:
        """Submits a photo and waits for its result; raises JobFailed, JobCancelled.

        `on_progress` is called with each event of the job. A connection that breaks changes nothing.
        """
        submitted = self.submit(photo, style=style, style_image=style_image, preferences=preferences)
        return self.wait(submitted["job_id"], on_progress=on_progress)

    def submit(
        self,
        photo: Photo,
        *,
        style: str,
        style_image: Picture | None = None,
        preferences: Preferences | None = None,
        idempotency_key: str | None = None,
        batch: bool = False,
        webhook_url: str = "",
        webhook_events: Sequence[str] = (),
    ) -> Submitted:
        """Submits a photo and returns at once; makes one job, however often a broken connection has it sent."""
        request = exchange.submission(
            photo,
            style=style,
            style_image=style_image,
            preferences=preferences,
            idempotency_key=idempotency_key,
            batch=batch,
            webhook_url=webhook_url,
            webhook_events=webhook_events,
        )
        return cast(Submitted, self._json(request))

    def wait(self, job_id: str, *, on_progress: Callable[[EventMessage], object] | None = None) -> FinishedJob:
        """Follows a job to its end; raises JobFailed, JobCancelled."""
        for event in self.events(job_id):
            if on_progress:
                on_progress(event)
        return exchange.ended(self.status(job_id))

    def events(self, job_id: str, *, after: int = 0) -> Iterator[EventMessage]:
        """Everything that follows event `after`, each once, as it happens; ends after the terminal event."""
        lines, retries = EventLines(after), Retries(self._retry_seconds)
        while True:
            try:
                with self._http.stream(**exchange.stream(job_id, after=lines.seq)) as response:
                    if not response.is_success:
                        response.read()
                    exchange.checked(response)
                    if response.status_code == httpx.codes.NO_CONTENT:
                        return
                    for line in response.iter_lines():
                        event = lines.read(line)
                        if event:
                            retries.reset()
                            yield event
                            if event["status"] in ENDINGS:
                                return
                error = ModomoError("The events ended without an ending.", retryable=True)
            except httpx.TransportError as problem:
                error = exchange.unreachable(problem)
            except ModomoError as problem:
                error = problem
            time.sleep(retries.pause(error))

    def status(self, job_id: str, *, wait: float = 0) -> JobStatusData:
        """Where a job is; waits up to so many seconds (at most 60) for its end."""
        answer = self._json(exchange.status(job_id, wait=wait))
        return cast(JobStatusData, answer["data"])

    def jobs(self, *, status: JobWord | None = None) -> Iterator[JobStatusData]:
        """Your jobs that are still kept, the newest first."""
        cursor: str | None = None
        while True:
            page = self._json(exchange.listing(status=status, cursor=cursor))
            for job in cast(list[JobStatusData], page["data"]):  # noqa: UP028 - the asynchronous client is made of this
                yield job
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def cancel(self, job_id: str, *, purge: bool = False) -> None:
        """Ends a job; `purge` deletes it with its pictures, whatever its status."""
        self._json(exchange.cancellation(job_id, purge=purge))

    def analyze(self, photo: Photo) -> AnalysisData:
        """What a photo shows: its room, and the things in it."""
        answer = self._json(exchange.analysis(photo))
        return cast(AnalysisData, answer["data"])

    def styles(self) -> list[StyleAnswer]:
        """The styles that can be asked for."""
        answer = self._json(exchange.get("/v1/styles"))
        return cast(list[StyleAnswer], answer["styles"])

    def materials(self) -> list[MaterialAnswer]:
        """What `surfaces` may name beside colours; none where the service repaints no single surfaces."""
        answer = self._json(exchange.get("/v1/materials"))
        return cast(list[MaterialAnswer], answer["materials"])

    def webhook_secrets(self) -> list[str]:
        """What `verify_webhook` checks with; none where the service sends no webhooks."""
        answer = self._json(exchange.get("/v1/webhooks/secrets"))
        return cast(list[str], answer["secrets"])

    def download(self, url: str) -> bytes:
        """A picture of a result."""
        answer = self._send(exchange.picture(url))
        return answer.content

    def save(self, url: str, path: str | os.PathLike[str]) -> None:
        """Writes a picture of a result to a file."""
        picture = self.download(url)
        Path(path).write_bytes(picture)

    def close(self) -> None:
        """Closes connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _json(self, request: Request) -> dict[str, Any]:
        answer = self._send(request)
        return cast(dict[str, Any], answer.json())

    def _send(self, request: Request) -> httpx.Response:
        retries = Retries(self._retry_seconds)
        while True:
            try:
                built = self._http.build_request(request.method, **request.arguments())
                if request.anonymous:
                    built.headers.pop("Authorization", None)
                answer = self._http.send(built)
                return exchange.checked(answer)
            except httpx.TransportError as problem:
                error: ModomoError = exchange.unreachable(problem)
            except ModomoError as problem:
                error = problem
            time.sleep(retries.pause(error))
