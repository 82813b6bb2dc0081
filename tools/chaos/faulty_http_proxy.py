"""A proxy in front of an object store that is slow, fails, or is not there, when told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web


class FaultyHttpProxy:
    """Passes requests on, unless told otherwise."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._requests = 0
        self.port = 0
        self.delay_seconds = 0.0
        """Before each answer."""
        self.fail_every = 0
        """Each so manyth request fails: with 503 and by a cut connection in turn; 0 for none."""
        self.gone = False
        """Whether every connection is cut at once."""
        self.failed = 0
        """Requests that failed."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FaultyHttpProxy"]:
        """Listens on a free port while the block runs."""
        self._session = aiohttp.ClientSession(auto_decompress=False)
        runner = web.AppRunner(self._app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()
            await self._session.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self._requests += 1
        await asyncio.sleep(self.delay_seconds)
        if self.gone or (self.fail_every and self._requests % self.fail_every == 0):
            self.failed += 1
            if self.gone or self.failed % 2:
                assert request.transport is not None
                request.transport.abort()
            return web.Response(status=503, text="SlowDown")
        body = await request.read()
        async with self._session.request(
            request.method, f"{self._target}{request.raw_path}", data=body, headers=request.headers
        ) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() != "transfer-encoding"}
            return web.Response(status=answer.status, body=content, headers=kept)
