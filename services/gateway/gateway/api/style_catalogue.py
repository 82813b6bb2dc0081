"""What can be asked for, styles and modes: diffusion lists it, the gateway caches the list."""

import time
from typing import Final, Protocol

import msgspec

from gateway.clients.diffusion import Catalogue, StyleInfo
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.observability import logs
from servicekit.types.modes import RoomMode

log = logs.get(__name__)

_KEY: Final = "catalogue"
_FRESH_SECONDS: Final = 60.0
_SECONDS: Final = 5.0
"""How long diffusion may take to answer."""


class StyleSource(Protocol):
    """Where the list comes from."""

    async def catalogue(self, *, seconds: float) -> Catalogue:
        """All of it; raises ServiceError where it cannot be had."""


class Memory(Protocol):
    """Values that outlive a process."""

    async def keep(self, name: str, value: str) -> None:
        """Stores a value in place of the former one; raises ServiceError."""

    async def kept(self, name: str) -> str | None:
        """The value that was stored; None without one. Raises ServiceError."""


class StyleCatalogue:
    """Caches styles and modes, and keeps an old list while diffusion is away.

    With a memory, a gateway that starts while diffusion is scaled to zero has the list too. Without it no job could be
    submitted, and without a job diffusion would not be started.
    """

    def __init__(self, source: StyleSource, memory: Memory | None = None) -> None:
        self._source = source
        self._memory = memory
        self._known: Catalogue | None = None
        self._read_at = 0.0

    async def styles(self) -> tuple[StyleInfo, ...]:
        """All styles; raises ServiceError where the list was never read."""
        return (await self._catalogue()).styles

    async def validate(self, style: str, mode: RoomMode, *, style_image: bool) -> None:
        """Raises InvalidArgument naming what no style is called, or what the engine cannot do."""
        known = await self._catalogue()
        names = [one.name for one in known.styles]
        if style not in names:
            raise InvalidArgument(
                "UNKNOWN_STYLE", f"There is no style {style[:64]!r}: {', '.join(names)}.", field="style"
            )
        if mode not in known.modes:
            able = ", ".join(known.modes)
            raise InvalidArgument(
                "MODE_NOT_SUPPORTED",
                f"The engine {known.engine or 'of this service'} cannot {mode}; it can {able}.",
                field="preferences.mode",
            )
        if style_image and not known.takes_style_image:
            raise InvalidArgument(
                "STYLE_IMAGE_NOT_SUPPORTED",
                f"The engine {known.engine or 'of this service'} cannot take the look of a picture.",
                field="style_image",
            )

    async def _catalogue(self) -> Catalogue:
        if self._known is None or time.monotonic() - self._read_at > _FRESH_SECONDS:
            try:
                self._known = await self._learn(await self._source.catalogue(seconds=_SECONDS))
            except ServiceError as error:
                self._known = self._known or await self._recall()
                if self._known is None:
                    raise
                log.warning("styles are not fresh", problem=str(error))
            self._read_at = time.monotonic()
        return self._known

    async def _learn(self, listed: Catalogue) -> Catalogue:
        if self._memory and listed != self._known:
            await self._memory.keep(_KEY, msgspec.json.encode(listed).decode())
        return listed

    async def _recall(self) -> Catalogue | None:
        kept = await self._memory.kept(_KEY) if self._memory else None
        return msgspec.json.decode(kept, type=Catalogue) if kept else None
