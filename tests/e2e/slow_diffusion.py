"""The diffusion service with an engine that takes its time, so that a test can reach into a running job.

Everything but the engine is the real service. The engine writes the number of every step that it does to the file
named in `SLOW_DIFFUSION_STEPS`, so that a test can see when it stopped.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

from diffusion.__main__ import SERVICE_NAME
from diffusion.domain import Manifest, Progress, Restyling, Result
from diffusion.engine import Step
from diffusion.engine.lite import LiteEngine
from diffusion.pipeline import Pipeline
from diffusion.servicer import DiffusionServicer
from diffusion.settings import PREFIX, Settings
from diffusion.styles import read_styles
from modomo.diffusion.v1.diffusion_service_pb2_grpc import add_DiffusionServiceServicer_to_server
from servicekit import process
from servicekit.config import env
from servicekit.inference.engine import EngineInfo
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc.serve import serve_engines
from servicekit.types.modes import RoomMode

STEPS = int(os.environ.get("SLOW_DIFFUSION_STEP_COUNT", "100"))
STEP_SECONDS = 0.1


class SlowEngine:
    """Steps of a tenth of a second each, a hundred unless told otherwise; the result is the photo, darkened."""

    def __init__(self) -> None:
        self._executor = DeviceExecutor("slow")
        self._log = Path(os.environ["SLOW_DIFFUSION_STEPS"])

    @property
    def info(self) -> EngineInfo:
        """Who this is."""
        return EngineInfo(name="slow")

    @property
    def modes(self) -> frozenset[RoomMode]:
        """Whatever is asked for, it darkens."""
        return frozenset(RoomMode)

    @property
    def takes_style_image(self) -> bool:
        """And looks at none."""
        return False

    @property
    def knows_regions(self) -> bool:
        """It knows nothing."""
        return False

    @property
    def repaints_surfaces(self) -> bool:
        """As little."""
        return False

    @property
    def usual_seconds(self) -> float:
        """Not that either."""
        return 0.0

    async def load(self) -> None:
        """Nothing to load."""

    async def transform(self, restyling: Restyling) -> AsyncGenerator[Step, None]:
        """Steps slowly."""
        stream = self._executor.stream(lambda: self._steps(restyling))
        try:
            async for step in stream:
                yield step
        finally:
            await stream.aclose()

    def _steps(self, restyling: Restyling) -> Generator[Step, None, None]:
        for step in range(1, STEPS + 1):
            time.sleep(STEP_SECONDS)  # the step's work
            with self._log.open("a") as log:
                log.write(f"{step}\n")
            yield Progress(step=step, total_steps=STEPS)
        manifest = Manifest(
            engine=self.info, style=restyling.style.name, seed=restyling.seed, strength=restyling.strength, steps=STEPS
        )
        yield Result(images=[restyling.photo // 2], manifest=manifest)

    async def close(self) -> None:
        """Ends the thread."""
        self._executor.close()
        await asyncio.sleep(0)


async def main() -> None:
    """The real service around the slow engine."""
    settings = env.read(Settings, prefix=PREFIX)
    process.begin("diffusion", settings)
    slow, lite = SlowEngine(), LiteEngine(DeviceExecutor("preview"))
    servicer = DiffusionServicer(Pipeline(slow, preview_engine=lite, styles=read_styles(None)))
    await serve_engines(
        settings,
        listen=settings.listen,
        engines=[slow, lite],
        registrations=[(SERVICE_NAME, lambda server: add_DiffusionServiceServicer_to_server(servicer, server))],
    )


if __name__ == "__main__":
    process.run(main)
