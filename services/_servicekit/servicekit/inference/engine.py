"""What every engine has in common, whatever it computes."""

from dataclasses import dataclass, field
from typing import Protocol

from modomo.type.v1 import engine_pb2


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that takes part in a result."""

    name: str
    """Repository id, or our own name for it."""

    revision: str
    """Pinned revision, or the version of our own code or weights."""

    licence: str = ""
    """SPDX identifier, or the name under which its licence is published; empty where none is known."""


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """Which engine makes a result, with which models."""

    name: str
    """`lite`, `torch`, `triton`, …"""

    models: tuple[Model, ...] = field(default=())
    """In the order of use."""


class Engine(Protocol):
    """Loads and closes. A service's own Protocol adds what it computes."""

    @property
    def info(self) -> EngineInfo:
        """Name and models; complete once loaded."""

    async def load(self) -> None:
        """Gets everything ready and runs once on a small input; raises where it cannot serve."""

    async def close(self) -> None:
        """Ends threads, closes connections, frees memory."""


def info_to_proto(info: EngineInfo) -> engine_pb2.Engine:
    """The wire form."""
    models = [
        engine_pb2.Model(name=model.name, revision=model.revision, licence=model.licence) for model in info.models
    ]
    return engine_pb2.Engine(name=info.name, models=models)


def info_from_proto(message: engine_pb2.Engine) -> EngineInfo:
    """Back from the wire."""
    models = tuple(Model(name=model.name, revision=model.revision, licence=model.licence) for model in message.models)
    return EngineInfo(name=message.name, models=models)
