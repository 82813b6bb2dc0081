"""Several tasks, of which the first failure ends all: a TaskGroup that raises one plain exception."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def fail_fast() -> AsyncIterator[asyncio.TaskGroup]:
    """As asyncio.TaskGroup, but raises the first exception by itself, not in a group; the others are dropped."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
