"""Several things at once, of which each must succeed: a TaskGroup that raises one plain exception."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def fail_fast() -> AsyncIterator[asyncio.TaskGroup]:
    """As asyncio.TaskGroup, but the first exception comes out by itself, not in a group.

    The others are dropped: when one of several calls fails, the rest are cancelled and have nothing to say.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
