"""Composes and runs the diffusion service."""

from diffusion.engine import Engine
from diffusion.engine.lite import LiteEngine
from diffusion.pipeline import Pipeline
from diffusion.servicer import DiffusionServicer
from diffusion.settings import PREFIX, Settings
from diffusion.styles import StyleError, read_styles
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import add_DiffusionServiceServicer_to_server
from servicekit import process
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc.serve import Service, serve_engines

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["DiffusionService"].full_name


def build_lite(settings: Settings) -> LiteEngine:
    """The engine of all previews."""
    name = "diffusion" if settings.engine == "lite" else "preview"
    return LiteEngine(DeviceExecutor(name, parallel=settings.threads, queue_limit=settings.queue_limit))


def build_engine(settings: Settings, preview_engine: LiteEngine | None = None) -> Engine:
    """The engine that the settings name; imports only what it needs."""
    match settings.engine:
        case "lite":
            return preview_engine or build_lite(settings)
        case "torch":
            from diffusion.engine.torch import TorchEngine  # noqa: PLC0415 - only where chosen

            executor = DeviceExecutor("diffusion", parallel=1, queue_limit=settings.queue_limit)
            return TorchEngine(settings.torch_options(), executor)
        case "modal":
            from diffusion.engine.modal import ModalEngine  # noqa: PLC0415 - only where chosen
            from servicekit.inference.modal.client import ModalClient  # noqa: PLC0415 - only where chosen

            return ModalEngine(ModalClient(settings.modal, limit=settings.queue_limit))


def compose(settings: Settings) -> Service:
    """The service that the settings describe, its engines not loaded yet; raises SettingsError."""
    try:
        styles = read_styles(settings.styles)
    except StyleError as error:
        raise SettingsError(f"{PREFIX}STYLES: {error}") from error
    lite = build_lite(settings)
    engine = build_engine(settings, lite)
    servicer = DiffusionServicer(Pipeline(engine, preview_engine=lite, styles=styles))
    return Service(
        engines=list(dict.fromkeys([engine, lite])),
        registration=(SERVICE_NAME, lambda server: add_DiffusionServiceServicer_to_server(servicer, server)),
    )


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    process.begin("diffusion", settings)
    made = compose(settings)
    await serve_engines(settings, listen=settings.listen, engines=made.engines, registrations=[made.registration])


if __name__ == "__main__":
    process.run(main)
