"""Where a WebSocket message is built: an event as the app reads it, over Server-Sent Events alike."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field

from gateway.api.http import examples, responses
from gateway.api.links import UrlSigner
from gateway.api.public_address import absolute
from gateway.api.transformations import Transformations
from servicekit.jobstore import Event, JobStatus
from servicekit.jobstore.fanout import EventFanout


class EventMessage(BaseModel):
    """Something that happened to a job."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EVENT]})

    job_id: str
    seq: int = Field(description="Strictly increasing within a job.")
    status: JobStatus
    progress: responses.Rounded = Field(description="0–1, never goes down.")
    message: str = Field(description="For people.")
    timestamp: responses.Moment
    step: int | None = Field(default=None, description="While transforming: 1 to `total_steps`.")
    total_steps: int | None = None
    preview_url: str | None = Field(default=None, description="A look at the unfinished result.")
    result: responses.Result | None = Field(default=None, description="As in the status; of `completed` alone.")


class ServerSentEvent(BaseModel):
    """One event of the stream (HTML Living Standard, 9.2), as its lines `id:` and `data:` say."""

    id: int = Field(description="`seq` of the event, for `Last-Event-ID`.")
    data: str = Field(
        description="An EventMessage as JSON.",
        json_schema_extra={
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/EventMessage"},
        },
    )


_OPTIONAL: Final = ("step", "total_steps", "preview_url", "result")


class EventMessages:
    """Builds the messages of a job's events, with links that the caller can open."""

    def __init__(self, events: EventFanout[Event], transformations: Transformations, url_signer: UrlSigner) -> None:
        self._events = events
        self._transformations = transformations
        self._url_signer = url_signer
        self._texts: WeakKeyDictionary[Event, dict[str, str | asyncio.Task[str]]] = WeakKeyDictionary()

    async def watch(self, job_id: str, *, after: int, base: str) -> AsyncGenerator[tuple[Event, str], None]:
        """All events that follow `after` with their messages, EventMessage as JSON, ending after the terminal one.

        `base` is where links to the gateway itself begin. Raises NotFound, Unavailable.
        """
        async with aclosing(self._events.batches(job_id, after=after)) as batches:
            async for events in batches:
                for event in events:
                    yield event, await self._text(event, base)

    async def _text(self, event: Event, base: str) -> str:
        """Made once for all clients that watch the job now: it lives as long as the event that they share."""
        texts = self._texts.setdefault(event, {})
        text = texts.get(base)
        if text is None or (isinstance(text, asyncio.Task) and _failed(text)):
            linked = event.preview_key or event.status is JobStatus.COMPLETED
            text = asyncio.create_task(self._render(event, base)) if linked else _text(event)
            texts[base] = text
        if isinstance(text, str):
            return text
        return await asyncio.shield(text)  # a client that leaves takes nothing away from the others

    async def _render(self, event: Event, base: str) -> str:
        """Of an event that has links."""
        result = None
        if event.status is JobStatus.COMPLETED:
            links = await self._transformations.completed(event.job_id)
            result = responses.result(links, base) if links else None
        preview = absolute(base, await self._url_signer.link(event.preview_key)) if event.preview_key else None
        return _text(event, preview_url=preview, result=result)


def _text(event: Event, *, preview_url: str | None = None, result: responses.Result | None = None) -> str:
    message = EventMessage(
        job_id=event.job_id,
        seq=event.seq,
        status=event.status,
        progress=event.progress,
        message=event.message,
        timestamp=event.timestamp,
        step=event.step or None,
        total_steps=event.total_steps or None,
        preview_url=preview_url,
        result=result,
    )
    absent = {name for name in _OPTIONAL if getattr(message, name) is None}
    return message.model_dump_json(exclude=absent)


def _failed(task: asyncio.Task[str]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
