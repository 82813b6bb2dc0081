"""The app's methods with answers that cost nothing: a stand-in for what runs on Modal, to try all that does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import modal
import numpy as np

from controlmaps.engine.modal import Question as Task
from detection.domain import Box, Candidate
from detection.engine.modal import Question as Photo
from diffusion.domain import Manifest, PreviewFrame, Progress, Restyling, Result
from diffusion.engine.modal import on_the_way
from servicekit import modal_host
from servicekit.engine import EngineInfo, Model
from servicekit.vocabulary import ObjectLabel

STEPS: Final = 5
APP: Final = "modomo"


class Rooms:
    """One sofa on a floor, whatever the photo; restyled, it is mirrored."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        """What the last step waits for."""

    def methods(self) -> dict[str, Callable[[bytes], Awaitable[bytes]]]:
        """By name, for a miniature of Modal."""
        return {"models": self.models, "detect": self.detect, "infer": self.infer, "restyle": self.restyle}

    async def let_go(self) -> None:
        """Lets restylings end; runs where the methods run."""
        self.go.set()

    async def models(self, request: bytes) -> bytes:
        async def work(service: str) -> list[Model]:
            return [Model(name=f"owner/{service}", revision="abc")]

        return await modal_host.answer(request, str, work)

    async def detect(self, request: bytes) -> bytes:
        async def work(asked: Photo) -> list[Candidate]:
            height, width = asked.photo.shape[:2]
            box = Box(left=width // 4, top=height // 2, right=width // 2, bottom=height * 3 // 4)
            mask = np.zeros((height, width), dtype=np.bool_)
            mask[height // 2 : height * 3 // 4, width // 4 : width // 2] = True
            return [Candidate(label=ObjectLabel.SOFA, confidence=0.9, box=box, mask=mask if asked.masks else None)]

        return await modal_host.answer(request, Photo, work)

    async def infer(self, request: bytes) -> bytes:
        async def work(asked: Task) -> list[Any]:
            height, width = asked.pixels.shape[1:3]
            slope = np.tile(np.linspace(0, 1, height, dtype=np.float32)[:, None], (1, width))[None]
            answers: dict[str, list[Any]] = {
                "classification": [np.array([[9.0] + [0.0] * 9], dtype=np.float32)],
                "depth": [slope],
                "segmentation": [(slope > 0.6).astype(np.uint8) * 3, np.ones_like(slope)],
            }
            return answers[asked.task]

        return await modal_host.answer(request, Task, work)

    async def restyle(self, request: bytes) -> bytes:
        async def work(asked: Restyling, tell: modal_host.Tell) -> Result:
            for step in range(1, STEPS + 1):
                if step == STEPS:
                    tell(on_the_way(PreviewFrame(step=step, image=asked.photo)))
                    await self.go.wait()
                tell(on_the_way(Progress(step=step, total_steps=STEPS)))
            info = EngineInfo(name="torch", models=(Model(name="owner/diffusion", revision="abc"),))
            manifest = Manifest(
                engine=info, style=asked.style.name, seed=asked.seed, strength=asked.strength, steps=STEPS
            )
            return Result(images=[np.flip(asked.photo, axis=1)], manifest=manifest)

        return await modal_host.stream(request, Restyling, work, self)

    async def put_many(self, steps: list[bytes], *, partition: str) -> None:
        await modal.Queue.from_name(f"{APP}-steps").put_many.aio(steps, partition=partition)
