"""What every job must look like in the end, whatever happened on its way."""

import asyncio
import io
from collections.abc import Callable, Sequence

from PIL import Image

from gateway.jobs import object_keys, result
from servicekit.jobstore import ENDINGS, Event, JobStatus
from servicekit.storage import ObjectStore
from tools.chaos.system import System

WHOLE = {".jpg": b"\xff\xd9", ".png": b"IEND\xaeB`\x82"}
"""How a picture ends that was written to its end."""


async def all_ended(
    system: System, job_ids: Sequence[str], *, seconds: float, tell: Callable[[int], None] = lambda _: None
) -> None:
    """Waits for every job's ending; `tell` hears how many have one."""
    unended = set(job_ids)
    async with asyncio.timeout(seconds):
        while unended:
            for job_id in list(unended):
                if (await system.jobstore.jobs.get(job_id)).status in ENDINGS:
                    unended.discard(job_id)
            tell(len(job_ids) - len(unended))
            await asyncio.sleep(0.5)  # workers are other processes; the count must not disturb them


def assert_orderly(events: Sequence[Event]) -> None:
    """One ending, the last event; numbers without a gap; progress that never goes down; a first look first or never."""
    assert [event.terminal for event in events] == [False] * (len(events) - 1) + [True]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    progress = [event.progress for event in events]
    assert progress == sorted(progress)
    pictures = [event.preview_key for event in events if event.preview_key]
    assert not [key for key in pictures[1:] if key == object_keys.first_look(events[0].job_id)], pictures


async def completed_with_all_objects(system: System, job_ids: Sequence[str]) -> None:
    """Every job completed, once and in order, and everything that its result names is there and whole."""
    for job_id in job_ids:
        job = await system.jobstore.jobs.get(job_id)
        assert job.status is JobStatus.COMPLETED, f"{job_id}: {job.status} {job.error}"
        assert_orderly(await system.jobstore.events.read(job_id))
        made = result.decode_result(job.result)
        for key in (
            *(*made.transformed_keys, made.thumbnail_key, made.before_after_key, made.original_key),
            *made.control_map_keys.values(),
        ):
            with Image.open(io.BytesIO(await system.store.get(key))) as picture:
                picture.load()


class ObjectWatcher:
    """Looks at every object as soon as it can be seen, as a client with a link would."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._seen: set[str] = set()
        self.incomplete: list[str] = []
        """Objects that could be read before they were whole."""

    @property
    def looked_at(self) -> int:
        """Number of objects."""
        return len(self._seen)

    async def look(self) -> None:
        """Until it is cancelled."""
        while True:
            async for key in self._store.list("jobs/"):
                end = WHOLE.get(key[-4:])
                if end and key not in self._seen:
                    self._seen.add(key)
                    if not (await self._store.get(key)).endswith(end):
                        self.incomplete.append(key)
            await asyncio.sleep(0.2)  # between two looks
