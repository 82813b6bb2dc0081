"""Receivers of webhooks for tests: real servers, plain or with TLS, that answer as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
import trustme

Reply: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    at: float
    """On the event loop's clock."""


@dataclass
class Receiver:
    """A server that answers each request with the next of its replies, the last one again and again."""

    port: int = 0
    scheme: str = "http"
    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """What TLS clients asked for (SNI)."""
    at_once: int = 0
    most_at_once: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        """By name, so that there is something to look up."""
        return f"{self.scheme}://localhost:{self.port}/hooks?key=1"

    async def heard(self, count: int = 1) -> list[Received]:
        """The requests so far, once there are so many."""
        async with asyncio.timeout(60):
            while len(self.received) < count:  # noqa: ASYNC110 - the server's callback has nobody to tell
                await asyncio.sleep(0.01)
        return self.received

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        self.connections += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            body = await reader.readexactly(int(headers["content-length"]))
            now = asyncio.get_running_loop().time()
            path = head[0].split(" ")[1]
            self.received.append(Received(path=path, headers=headers, body=body, at=now))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            await reply(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()


def status(code: int, *, headers: str = "", body: bytes = b"", after: float = 0.0) -> Reply:
    """Answers with a status, after a while."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        writer.write(f"HTTP/1.1 {code} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return reply


async def nothing(_writer: asyncio.StreamWriter) -> None:
    """Hangs up without an answer."""


async def garbage(writer: asyncio.StreamWriter) -> None:
    """Speaks no HTTP."""
    writer.write(b"\x00\xff" * 1000)


async def endless(writer: asyncio.StreamWriter) -> None:
    """Takes the message, and never stops talking."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """One that speaks plain HTTP and takes everything."""
    async with receiving() as one:
        yield one


@pytest.fixture
async def tls_receiver(authority: trustme.CA) -> AsyncIterator[Receiver]:
    """One that speaks TLS as `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with receiving(context) as one:
        context.sni_callback = lambda _socket, name, _context: one.names.append(name)
        yield one


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Issues certificates for tests."""
    return trustme.CA()


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver in the running event loop, with TLS where there is a context."""
    one = Receiver(replies=[status(200)], scheme="https" if context else "http")
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(one.accept(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
