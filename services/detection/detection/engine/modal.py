"""Detection on Modal's GPU containers, which host the torch detector (deploy/modal)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from detection.domain import Candidate
from servicekit.imaging.arrays import RGB
from servicekit.inference.engine import EngineInfo, Model
from servicekit.inference.modal.client import ModalClient

SERVICE: Final = "detection"


class DetectionInput(msgspec.Struct, frozen=True, kw_only=True):
    """What the app's method `detect` takes; it gives a list of candidates."""

    photo: RGB
    masks: bool


class ModalEngine:
    """The same candidates as the torch engine's, computed elsewhere."""

    def __init__(self, client: ModalClient) -> None:
        self._client = client
        self._models: tuple[Model, ...] = ()

    @property
    def info(self) -> EngineInfo:
        """Who this is, and what the app said that it runs."""
        return EngineInfo(name="modal", models=self._models)

    async def load(self) -> None:
        """Asks the app what it runs, which starts a container; raises SettingsError where it cannot serve."""
        self._models = await self._client.load(SERVICE, tuple[Model, ...])

    async def detect(self, photo: RGB, *, masks: bool) -> Sequence[Candidate]:
        """Objects of our vocabulary; cancelling this cancels the call on Modal."""
        return await self._client.ask("detect", DetectionInput(photo=photo, masks=masks), list[Candidate])

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()
