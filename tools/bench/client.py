"""The app's side of the HTTP contract, fast enough to put load on a gateway."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import aiohttp

ENDINGS: Final = frozenset({"completed", "failed", "cancelled"})
POLL_SECONDS: Final = 0.02


class LoadError(Exception):
    """An answer that a benchmark cannot go on with."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A job that was answered 202."""

    job_id: str
    websocket_url: str


class Client:
    """Submits, polls and watches over one connection pool."""

    def __init__(self, url: str, *, connections: int = 64, key: str = "") -> None:
        """`key` is an API key, empty where nobody is asked for one."""
        self._url = url
        self._connections = connections
        self._headers = {"X-API-Key": key} if key else {}

    async def __aenter__(self) -> "Client":
        connector = aiohttp.TCPConnector(limit=self._connections)
        self.session = aiohttp.ClientSession(self._url, connector=connector, headers=self._headers)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.session.close()

    async def submit(self, photo: bytes, *, style: str = "modern", webhook_url: str = "") -> Accepted:
        """Posts a photo; raises LoadError for anything but 202."""
        form = aiohttp.FormData()
        form.add_field("file", photo, filename="room.jpg", content_type="image/jpeg")
        form.add_field("style", style)
        if webhook_url:
            form.add_field("webhook_url", webhook_url)
        async with self.session.post("/transform/submit", data=form) as answer:
            if answer.status != 202:
                raise LoadError(f"submit answered {answer.status}: {await answer.text()}")
            body = await answer.json()
        return Accepted(job_id=body["job_id"], websocket_url=body["websocket_url"])

    async def status(self, job_id: str) -> dict[str, Any]:
        """The `data` of the status; raises LoadError for anything but 200."""
        async with self.session.get(f"/transform/status/{job_id}") as answer:
            if answer.status != 200:
                raise LoadError(f"status answered {answer.status}: {await answer.text()}")
            data: dict[str, Any] = (await answer.json())["data"]
            return data

    async def completed(self, job_id: str) -> dict[str, Any]:
        """Waits for the end over WebSocket; raises LoadError where it is not a completed one."""
        async with self.session.ws_connect(f"/ws/transform/{job_id}") as socket:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                event: dict[str, Any] = message.json()
                if event["status"] in ENDINGS:
                    if event["status"] != "completed":
                        raise LoadError(f"job {job_id} {event['status']}: {event['message']}")
                    return event
        raise LoadError(f"job {job_id}: the stream ended without an ending")


async def at_rate(rate: float, seconds: float, request: Any) -> None:
    """Starts `rate` requests a second whether or not earlier ones have been answered, and waits for all."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - loop.time()))  # keeps the rate
        tasks.append(asyncio.create_task(request()))
    await asyncio.gather(*tasks)


async def by_clients(clients: int, requests: int, request: Any) -> None:
    """Lets `clients` clients make `requests` requests together, each waiting for its answer."""
    remaining = iter(range(requests))

    async def client() -> None:
        for _number in remaining:
            await request()

    await asyncio.gather(*(client() for _ in range(clients)))
