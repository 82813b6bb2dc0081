"""The app's side of the contract, as its developers would write it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
import websockets

ENDINGS: Final = frozenset({"completed", "failed", "cancelled"})


class App:
    """Talks to one gateway over HTTP and WebSocket."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=30.0)

    async def __aenter__(self) -> "App":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.aclose()

    async def submit(
        self, photo: bytes, *, style: str = "modern", preferences: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Posts a photo and returns the body of the 202."""
        answer = await self.http.post(
            "/transform/submit",
            files={"file": ("room.jpg", photo, "image/jpeg")},
            data={"style": style, **({"preferences": json.dumps(preferences)} if preferences else {})},
        )
        assert answer.status_code == 202, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def status(self, job_id: str) -> dict[str, Any]:
        """The `data` of a job's status."""
        answer = await self.http.get(f"/transform/status/{job_id}")
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def events(self, websocket_url: str) -> list[dict[str, Any]]:
        """Everything that a WebSocket says until it closes; the close code must be 1000."""
        async with websockets.connect(websocket_url) as socket:
            received = [json.loads(message) async for message in socket]
        assert socket.close_code == 1000
        return received

    async def ended(self, job_id: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """Polls until the job has ended."""
        async with asyncio.timeout(seconds):
            while (data := await self.status(job_id))["status"] not in ENDINGS:  # noqa: ASYNC110 - polling is what is tried here
                await asyncio.sleep(0.1)
        return data

    async def step(self, websocket_url: str, number: int) -> None:
        """Returns once a running job has reported a denoising step of at least this number."""
        async with websockets.connect(websocket_url) as socket:
            async for message in socket:
                if json.loads(message).get("step", 0) >= number:
                    return
        raise AssertionError("the job ended before")
