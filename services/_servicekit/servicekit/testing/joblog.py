"""Job logs on the shared Valkey for tests, values to put into them, and a network that fails when told to."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from servicekit.joblog import Ending, Event, JobStatus, NewJob, Update
from servicekit.joblog.redis import JobLog, JobLogSettings, connect

OpenJobLog: TypeAlias = Callable[..., JobLog]
"""Called with changes to the test's settings; what it opens is closed with the test."""


@pytest.fixture
async def open_joblog(joblog_settings: JobLogSettings) -> AsyncIterator[OpenJobLog]:
    """Opens any number of job logs, each like a process of its own, on one store."""
    opened: list[JobLog] = []

    def open_one(**changes: Any) -> JobLog:  # noqa: ANN401 - any setting
        opened.append(connect(dataclasses.replace(joblog_settings, **changes)))
        return opened[-1]

    yield open_one
    for joblog in opened:
        for role in (joblog.queue, joblog.events, joblog.desk):
            await role.close()


@pytest.fixture
async def faulty_network(joblog_settings: JobLogSettings) -> AsyncIterator["FaultyNetwork"]:
    """A way to the shared Valkey that can be paused and cut."""
    network = FaultyNetwork(joblog_settings.redis_url)
    await network.start()
    yield network
    await network.stop()


def new_job(**changes: Any) -> NewJob:  # noqa: ANN401 - any field
    """A job with an id of its own."""
    values: dict[str, Any] = {"job_id": str(uuid.uuid4()), "payload": '{"style": "boho"}', "message": "Queued..."}
    return NewJob(**(values | changes))


def analyzing(progress: float = 0.1) -> Update:
    """A worker's first update."""
    return Update(status=JobStatus.ANALYZING, progress=progress, message="Analyzing...")


def completed(result: str = "{}") -> Ending:
    """A good ending."""
    return Ending(status=JobStatus.COMPLETED, message="Ready!", result=result)


async def submit_one(joblog: JobLog, **changes: Any) -> str:  # noqa: ANN401 - any field of a job
    """Submits a job of its own; returns its id."""
    job = new_job(**changes)
    await joblog.desk.submit(job, queue_limit=10_000)
    return job.job_id


async def ending_of(joblog: JobLog, job_id: str) -> Sequence[Event]:
    """Waits for a job's ending; its events."""
    async with joblog.events.announcements() as announced:
        if not (await joblog.events.read(job_id))[-1].terminal:
            async for event in announced:
                if event.job_id == job_id and event.terminal:
                    break
    return await joblog.events.read(job_id)


class FaultyNetwork:
    """A TCP proxy. While it is paused nothing passes and nothing is lost, as for a process that is stopped."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """The server's URL through this network."""
        return f"redis://127.0.0.1:{self._port}{self._to.path}"

    async def start(self) -> None:
        """Listens on a free port."""
        self._passing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def pause(self) -> None:
        """Holds everything back."""
        self._passing.clear()

    def resume(self) -> None:
        """Lets it go on, beginning with what was held back."""
        self._passing.set()

    async def stop(self) -> None:
        """Cuts all connections and refuses new ones until `start`."""
        assert self._server is not None  # noqa: S101 - a test that stops it twice is wrong
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in tuple(self._writers):
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._writers.add(sink)
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._passing.wait()
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            self._writers.discard(sink)
            sink.close()
