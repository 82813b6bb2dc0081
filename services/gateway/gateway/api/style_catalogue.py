"""What can be asked for, styles and modes: diffusion lists it, the gateway caches the list."""

import time
from typing import Final, Protocol

import msgspec

from gateway.api.wanted import Wanted
from gateway.clients.diffusion import Catalogue, Material, StyleInfo
from servicekit.errors import InvalidArgument, ServiceError
from servicekit.observability import logs

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

    @property
    def usual_seconds(self) -> float:
        """That the engine says that it takes for a picture; 0 where it says nothing, or was not asked yet."""
        return self._known.usual_seconds if self._known else 0.0

    async def materials(self) -> tuple[Material, ...]:
        """What surfaces can be made of; raises ServiceError where the list was never read."""
        return (await self._catalogue()).materials

    async def validate(self, wanted: Wanted) -> None:
        """Raises InvalidArgument naming what no style is called, or what the engine cannot do."""
        known = await self._catalogue()
        engine = f"The engine {known.engine or 'of this service'}"
        names = [one.name for one in known.styles]
        if wanted.style not in names:
            raise InvalidArgument(
                "UNKNOWN_STYLE", f"There is no style {wanted.style[:64]!r}: {', '.join(names)}.", field="style"
            )
        if wanted.mode not in known.modes:
            message = f"{engine} cannot {wanted.mode}; it can {', '.join(known.modes)}."
            raise InvalidArgument("MODE_NOT_SUPPORTED", message, field="preferences.mode")
        if wanted.style_image and not known.takes_style_image:
            message = f"{engine} cannot take the look of a picture."
            raise InvalidArgument("STYLE_IMAGE_NOT_SUPPORTED", message, field="style_image")
        if wanted.corrections and not known.takes_corrections:
            message = f"{engine} cannot be told what is where."
            raise InvalidArgument("CORRECTIONS_NOT_SUPPORTED", message, field="preferences.corrections")
        if wanted.surfaces and not known.materials:
            message = f"{engine} cannot repaint single surfaces."
            raise InvalidArgument("SURFACES_NOT_SUPPORTED", message, field="preferences.surfaces")
        for surface, paint in wanted.surfaces.items():
            fitting = [one.name for one in known.materials if surface in one.surfaces]
            if not paint.startswith("#") and paint not in fitting:
                also = f", or {', '.join(fitting)}" if fitting else ""
                message = f"There is no material {paint!r} for {surface}: take a colour `#RRGGBB`{also}."
                raise InvalidArgument("UNKNOWN_MATERIAL", message, field=f"preferences.surfaces.{surface}")

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
