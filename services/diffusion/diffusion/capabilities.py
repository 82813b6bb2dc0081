"""What an engine is asked for and cannot do, refused by name."""

from typing import Protocol

from grpc import StatusCode

from diffusion.domain import Restyling
from servicekit.errors import ServiceError
from servicekit.inference.engine import EngineInfo
from servicekit.types.modes import RoomMode


class Capable(Protocol):
    """The part of an engine that says what it can do."""

    @property
    def info(self) -> EngineInfo:
        """Who it is."""

    @property
    def modes(self) -> frozenset[RoomMode]:
        """What it can do with a room; complete once loaded."""

    @property
    def takes_style_image(self) -> bool:
        """Whether it can take the look of a picture; known once loaded."""

    @property
    def knows_regions(self) -> bool:
        """Whether it paints region by region, and so takes `corrections`."""

    @property
    def repaints_surfaces(self) -> bool:
        """Whether it can repaint single surfaces and leave all else exactly as it is."""

    @property
    def usual_seconds(self) -> float:
        """That a picture of the usual size takes; 0 where it does not know."""


def refuse_unsupported(engine: Capable, restyling: Restyling) -> None:
    """Raises ServiceError FAILED_PRECONDITION that names the engine, the field and what it cannot do."""
    name = engine.info.name
    if restyling.mode not in engine.modes:
        able = ", ".join(mode for mode in RoomMode if mode in engine.modes)
        raise _refusal("MODE_NOT_SUPPORTED", f"The engine {name} cannot {restyling.mode}; it can {able}.", field="mode")
    if restyling.style_image is not None and not engine.takes_style_image:
        message = f"The engine {name} cannot take the look of a picture: its IP-Adapter is not in the store of weights."
        raise _refusal("STYLE_IMAGE_NOT_SUPPORTED", message, field="style_image")
    if restyling.corrections and not engine.knows_regions:
        message = f"The engine {name} cannot be told what is where."
        raise _refusal("CORRECTIONS_NOT_SUPPORTED", message, field="corrections")
    if restyling.surfaces and not engine.repaints_surfaces:
        raise _refusal("SURFACES_NOT_SUPPORTED", f"The engine {name} cannot repaint single surfaces.", field="surfaces")


def _refusal(reason: str, message: str, *, field: str) -> ServiceError:
    return ServiceError(reason, message, code=StatusCode.FAILED_PRECONDITION, metadata={"field": field})
