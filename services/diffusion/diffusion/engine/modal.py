"""Restyling on Modal's GPU containers, which host the torch engine (deploy/modal)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import msgspec

from diffusion.domain import PreviewFrame, Progress, Restyling, Result, Started
from diffusion.engine import Step
from servicekit.imaging.resizing import reduced
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.modal.client import ModalClient
from servicekit.types.modes import RoomMode

SERVICE: Final = "diffusion"

PREVIEW_SIDE: Final = 512
"""Long side of a preview on its way, pixels: an item of Modal's queues holds 1 MiB."""


class OnTheWay(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the app's method `restyle`, which takes a Restyling and gives a Result: one of the three."""

    progress: Progress | None = None
    preview: PreviewFrame | None = None
    started: bool = False


class ModalEngine:
    """The same pictures as the torch engine's, computed elsewhere."""

    def __init__(self, client: ModalClient) -> None:
        self._client = client
        self._models: tuple[Model, ...] = ()

    @property
    def info(self) -> EngineInfo:
        """Who this is, and what the app said that it runs."""
        return EngineInfo(name="modal", models=self._models)

    @property
    def modes(self) -> frozenset[RoomMode]:
        """All: what the app's models cannot do, the app refuses."""
        return frozenset(RoomMode)

    @property
    def takes_style_image(self) -> bool:
        """As `modes`."""
        return True

    @property
    def knows_regions(self) -> bool:
        """As the torch engine, which it asks."""
        return False

    @property
    def repaints_surfaces(self) -> bool:
        """As the torch engine, which it asks."""
        return True

    @property
    def usual_seconds(self) -> float:
        """As the torch engine, which it asks."""
        return 0.0

    async def load(self) -> None:
        """Asks the app what it runs, which starts a container; raises SettingsError where it cannot serve."""
        self._models = await self._client.load(SERVICE, tuple[Model, ...])

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """One denoising step after the other; closing this cancels the call on Modal. See the Protocol."""
        done, started = 0, False
        async with aclosing(self._client.stream("restyle", restyling, step=OnTheWay, answer=Result)) as answers:
            async for answer in answers:
                if not started:  # once, also where the call starts again in another container
                    started = True
                    yield Started()
                if isinstance(answer, Result):
                    made_by = EngineInfo(name="modal", models=answer.manifest.engine.models)
                    yield replace(answer, manifest=replace(answer.manifest, engine=made_by))
                elif answer.preview is not None:
                    yield answer.preview
                elif answer.progress is not None and answer.progress.step > done:
                    # a call whose container is lost starts again in another; what was done stays done
                    done = answer.progress.step
                    yield answer.progress

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()


def on_the_way(step: Started | Progress | PreviewFrame) -> OnTheWay:
    """A step as the app sends it."""
    if isinstance(step, Started):
        return OnTheWay(started=True)
    if isinstance(step, Progress):
        return OnTheWay(progress=step)
    return OnTheWay(preview=replace(step, image=reduced(step.image, PREVIEW_SIDE)))
