"""What runs on Modal, and on what. From the repository's root:

modal run -m deploy.modal.app::pull        gets the weights into the volume, once
modal deploy -m deploy.modal.app           puts the app there; containers start when they are called
"""

import os
from typing import Final

import modal
from deploy.modal.hosting import Host
from deploy.modal.image import build
from deploy.modal.settings import PREFIX, WEIGHTS, Settings, environment
from servicekit.config import env
from servicekit.inference.modal.client import STEPS
from servicekit.observability import logs
from servicekit.weights import __main__ as weights

PULL_SECONDS: Final = 3600
STEPS_SECONDS: Final = 600
"""How long steps that nobody fetches are kept."""

settings: Final = env.read(Settings, prefix=PREFIX)
app: Final = modal.App(settings.modal)
volume: Final = modal.Volume.from_name(settings.volume, create_if_missing=True)
queue: Final = modal.Queue.from_name(settings.modal + STEPS, create_if_missing=True)
image: Final = build(settings.services, environment(settings, os.environ))
host: Final = Host(settings.services, os.environ)


@app.cls(
    image=image,
    gpu=settings.gpu,
    volumes={WEIGHTS: volume.read_only()},
    block_network=True,
    timeout=settings.timeout_seconds,
    startup_timeout=settings.startup_seconds,
    min_containers=settings.min_containers,
    max_containers=settings.max_containers,
    scaledown_window=settings.scaledown_seconds,
    enable_memory_snapshot=settings.snapshot,
    experimental_options={"enable_gpu_snapshot": True} if settings.gpu_snapshot else {},
)
@modal.concurrent(max_inputs=settings.inputs)
class Models:
    """The torch engines; a container has one of these. What each method takes and gives, its engine says."""

    @modal.enter(snap=settings.snapshot)
    def prepare(self) -> None:
        """Loads the libraries; the last thing before a snapshot of memory is taken."""
        logs.configure("modal")
        host.prepare()

    @modal.enter(snap=settings.gpu_snapshot)
    async def load(self) -> None:
        """Loads the models onto the device and runs each; the last thing before a snapshot of the GPU's memory."""
        await host.load()

    @modal.method()
    async def models(self, request: bytes) -> bytes:
        """Asked by each engine when its service starts."""
        return await host.models(request)

    @modal.method()
    async def detect(self, request: bytes) -> bytes:
        """detection.engine.modal."""
        return await host.detect(request)

    @modal.method()
    async def infer(self, request: bytes) -> bytes:
        """controlmaps.engine.modal."""
        return await host.infer(request)

    @modal.method()
    async def restyle(self, request: bytes) -> bytes:
        """diffusion.engine.modal."""
        return await host.restyle(request, Steps())

    @modal.exit()
    async def close(self) -> None:
        """Lets the models go."""
        await host.close()


class Steps:
    """host.Steps in the app's queue."""

    async def put_many(self, steps: list[bytes], *, partition: str) -> None:
        """Adds steps behind those that are there; what nobody fetches is gone after a while."""
        await queue.put_many.aio(steps, partition=partition, partition_ttl=STEPS_SECONDS)


@app.function(image=image, volumes={WEIGHTS: volume}, timeout=PULL_SECONDS)
def pull() -> None:
    """Gets the models of all hosted services, or what is missing of them; Modal keeps what is in the volume."""
    for service in settings.services:
        if weights.main(["pull", "--service", service]) != 0:
            raise RuntimeError(f"the weights of {service} could not be pulled; the lines above say why")
