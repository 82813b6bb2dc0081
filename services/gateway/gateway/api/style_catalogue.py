"""The styles that can be asked for: diffusion lists them, the gateway caches the list."""

import time
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from gateway.clients.diffusion import StyleInfo
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.observability import logs

log = logs.get(__name__)

_KEY: Final = "styles"
_FRESH_SECONDS: Final = 60.0
_SECONDS: Final = 5.0
"""How long diffusion may take to answer."""


class StyleSource(Protocol):
    """Where styles come from."""

    async def styles(self, *, seconds: float) -> Sequence[StyleInfo]:
        """All of them; raises ServiceError where they cannot be had."""


class Memory(Protocol):
    """Values that outlive a process."""

    async def keep(self, name: str, value: str) -> None:
        """Stores a value in place of the former one; raises ServiceError."""

    async def kept(self, name: str) -> str | None:
        """The value that was stored; None without one. Raises ServiceError."""


class StyleCatalogue:
    """Caches the styles, and keeps an old list while diffusion is away.

    With a memory, a gateway that starts while diffusion is scaled to zero has the list too. Without it no job could be
    submitted, and without a job diffusion would not be started.
    """

    def __init__(self, source: StyleSource, memory: Memory | None = None) -> None:
        self._source = source
        self._memory = memory
        self._styles: tuple[StyleInfo, ...] = ()
        self._read_at = 0.0

    async def styles(self) -> tuple[StyleInfo, ...]:
        """All of them; raises ServiceError where the list was never read."""
        if not self._styles or time.monotonic() - self._read_at > _FRESH_SECONDS:
            try:
                await self._learn(tuple(await self._source.styles(seconds=_SECONDS)))
            except ServiceError as error:
                if not self._styles:
                    self._styles = await self._recall()
                if not self._styles:
                    raise
                log.warning("styles are not fresh", problem=str(error))
            self._read_at = time.monotonic()
        return self._styles

    async def _learn(self, styles: tuple[StyleInfo, ...]) -> None:
        if self._memory and styles != self._styles:
            await self._memory.keep(_KEY, msgspec.json.encode(styles).decode())
        self._styles = styles

    async def _recall(self) -> tuple[StyleInfo, ...]:
        kept = await self._memory.kept(_KEY) if self._memory else None
        return msgspec.json.decode(kept, type=tuple[StyleInfo, ...]) if kept else ()

    async def validate(self, name: str) -> None:
        """Raises InvalidArgument naming `style` for a name that no style has."""
        names = [style.name for style in await self.styles()]
        if name not in names:
            raise InvalidArgument(
                "UNKNOWN_STYLE", f"There is no style {name[:64]!r}: {', '.join(names)}.", field="style"
            )
