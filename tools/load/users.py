"""Users with photos: each sends one, waits in a way of their own, and some change their mind."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from random import Random
from typing import Any, Final

import aiohttp

from tools.bench.client import ENDINGS, Client, LoadError
from tools.load.plan import Follow, Plan, Visit
from tools.load.records import CANCEL, CONNECT, ENDED, STATUS, SUBMIT, Records

POLL_SECONDS: Final = 1.0
LOST_AFTER_SECONDS: Final = 180.0
"""A job without an ending by then is a lost one."""

Photo = Callable[[int, bool], bytes]
"""The photo of a number, large or small."""


class Users:
    """Everybody of a plan, and those who come back to look at what they have."""

    def __init__(self, plan: Plan, client: Client, records: Records, photo: Photo) -> None:
        self._plan, self._client, self._records, self._photo = plan, client, records, photo
        self._done: list[str] = []
        self._random = Random(plan.seed)

    async def come(self, visits: Sequence[Visit], gone: Callable[[], None] = lambda: None) -> None:
        """Lets everybody come at their time; returns when everybody has left. `gone` is called for each."""
        lookers = asyncio.create_task(self._look_around())
        try:
            await asyncio.gather(*(self._visit(visit, gone) for visit in visits))
        finally:
            lookers.cancel()
            await asyncio.wait([lookers])

    async def _visit(self, visit: Visit, gone: Callable[[], None]) -> None:
        await asyncio.sleep(max(0.0, visit.at - self._records.now))  # people come when they come
        try:
            async with asyncio.timeout(LOST_AFTER_SECONDS):
                await self._restyle(visit)
        except TimeoutError:
            self._records.problems.append(f"a job that came after {visit.at:.1f} s has no ending")
        except (aiohttp.ClientError, LoadError, ValueError) as error:
            self._records.problems.append(f"{visit.follow}: {type(error).__name__}: {error}"[:300])
        finally:
            gone()

    async def _restyle(self, visit: Visit) -> None:
        data = await asyncio.to_thread(self._photo, visit.photo, visit.large)
        with self._records.measure(SUBMIT):
            job = (await self._client.submit(data, style=visit.style)).job_id
        self._records.answered(SUBMIT, 202)
        cancelling = asyncio.create_task(self._cancel(job, visit.cancel_after))
        began = self._records.now
        try:
            ending = await self._follow(job, visit.follow)
            await cancelling
        finally:
            cancelling.cancel()
        self._records.endings[ending] += 1
        if ending == "completed":
            self._done.append(job)
            if visit.follow is not Follow.LEAVE:
                self._records.took(ENDED, began)
        elif ending != "cancelled" or visit.cancel_after is None:
            self._records.problems.append(f"job {job} ended as {ending}")

    async def _follow(self, job: str, way: Follow) -> str:
        if way in (Follow.SOCKET, Follow.EVENTS):
            messages = self._socket(job) if way is Follow.SOCKET else self._events(job)
            return await self._to_the_end(job, messages)
        while True:
            await asyncio.sleep(POLL_SECONDS if way is Follow.POLL else 10 * POLL_SECONDS)  # as the app does
            status = await self._status(job)
            if status in ENDINGS:
                return status

    async def _to_the_end(self, job: str, messages: AsyncIterator[dict[str, Any]]) -> str:
        """Reads a stream, which must count up, never go back, and have one ending, at its end."""
        seq, progress, ending = 0, 0.0, ""
        began = self._records.now
        async for message in messages:
            if not seq:
                self._records.took(CONNECT, began)
            if ending or message["seq"] != seq + 1 or message["progress"] < progress:
                self._records.problems.append(f"job {job}: {message} after number {seq}, progress {progress}")
            seq, progress = message["seq"], message["progress"]
            if message["status"] in ENDINGS:
                ending = message["status"]
        if not ending:
            raise LoadError(f"the stream of job {job} ended without an ending")
        return ending

    async def _socket(self, job: str) -> AsyncIterator[dict[str, Any]]:
        async with self._client.session.ws_connect(f"/ws/transform/{job}") as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    yield message.json()

    async def _events(self, job: str) -> AsyncIterator[dict[str, Any]]:
        async with self._client.session.get(f"/transform/events/{job}") as answer:
            self._records.answered("events", answer.status)
            async for line in answer.content:
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))

    async def _status(self, job: str) -> str:
        with self._records.measure(STATUS):
            async with self._client.session.get(f"/transform/status/{job}") as answer:
                self._records.answered(STATUS, answer.status)
                answer.raise_for_status()
                status: str = (await answer.json())["data"]["status"]
        return status

    async def _cancel(self, job: str, after: float | None) -> None:
        if after is None:
            return
        await asyncio.sleep(after)  # somebody changes their mind
        with self._records.measure(CANCEL):
            async with self._client.session.delete(f"/transform/{job}") as answer:
                self._records.answered(CANCEL, answer.status)
                if answer.status not in (200, 409):
                    raise LoadError(f"cancelling answered {answer.status}")

    async def _look_around(self) -> None:
        """People who have results look at them, at a steady rate on the whole."""
        async with asyncio.TaskGroup() as looks:
            while self._plan.lookers:
                await asyncio.sleep(self._random.expovariate(self._plan.lookers))  # keeps the rate
                if self._done and self._records.now < self._plan.seconds:
                    looks.create_task(self._look(self._random.choice(self._done)))

    async def _look(self, job: str) -> None:
        try:
            await self._status(job)
        except aiohttp.ClientError as error:
            self._records.problems.append(f"status: {error}"[:300])
