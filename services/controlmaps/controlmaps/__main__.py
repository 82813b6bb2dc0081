"""Composes and runs the controlmaps service."""

from controlmaps.engine import Engine
from controlmaps.engine.tasks import Task
from controlmaps.pipeline import Pipeline
from controlmaps.servicer import ControlMapsServicer
from controlmaps.settings import PREFIX, Settings
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import add_ControlMapsServiceServicer_to_server
from servicekit import process
from servicekit.config import env
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc.serve import Service, serve_engines
from servicekit.rpc.tls import Security
from servicekit.weights import WeightStore

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ControlMapsService"].full_name


def build_lite(settings: Settings, name: str = "controlmaps") -> Engine:
    """The engine that needs no weights; `name` is its device's, for people and metrics."""
    from controlmaps.engine.lite import LiteEngine  # noqa: PLC0415 - only where chosen

    return LiteEngine(DeviceExecutor(name, parallel=settings.threads, queue_limit=settings.queue_limit))


def build_assistant(settings: Settings) -> Engine | None:
    """What tells room types and lays out pairs in place of the torch engine where that is reduced; None elsewhere."""
    return build_lite(settings, "roomnet") if settings.reduced and settings.engine == "torch" else None


def build_engine(settings: Settings, assistant: Engine | None = None) -> Engine:
    """The engine that the settings name; imports only what it needs."""
    match settings.engine:
        case "lite":
            return build_lite(settings)
        case "torch":
            from controlmaps.engine.torch import TorchEngine  # noqa: PLC0415 - only where chosen
            from controlmaps.engine.torch_networks import Options, TorchNetworks  # noqa: PLC0415 - only where chosen

            options = Options(
                depth_model=settings.depth_model,
                segmentation_model=settings.segmentation_model,
                classifier_directory=settings.classifier_directory,
                device=settings.device,
                reduced=settings.reduced,
            )
            store = WeightStore(settings.weights)
            tasks = [task for task in Task if assistant is None or task is not Task.CLASSIFICATION]
            return TorchEngine(
                DeviceExecutor("controlmaps", queue_limit=settings.queue_limit),
                lambda: TorchNetworks(store, options, tasks=tasks),
                depth_model=settings.depth_model,
                temperature=settings.temperature,
                reduced=settings.reduced,
                classifier=assistant,
            )
        case "triton":
            from controlmaps.engine.triton import TritonEngine  # noqa: PLC0415 - only where chosen
            from servicekit.inference.triton.client import TritonClient  # noqa: PLC0415 - only where chosen

            return TritonEngine(
                TritonClient(settings.triton, security=Security.of(settings)),
                depth_model=settings.depth_model,
                temperature=settings.temperature,
            )
        case "modal":
            from controlmaps.engine.modal import ModalEngine  # noqa: PLC0415 - only where chosen
            from servicekit.inference.modal.client import ModalClient  # noqa: PLC0415 - only where chosen

            return ModalEngine(
                ModalClient(settings.modal, limit=settings.queue_limit),
                depth_model=settings.depth_model,
                temperature=settings.temperature,
            )


def compose(settings: Settings) -> Service:
    """The service that the settings describe, its engines not loaded yet; raises SettingsError."""
    assistant = build_assistant(settings)
    engine = build_engine(settings, assistant)
    servicer = ControlMapsServicer(Pipeline(engine, assessor=assistant), room_threshold=settings.room_threshold)
    return Service(
        engines=[engine, *([assistant] if assistant is not None else [])],
        registration=(SERVICE_NAME, lambda server: add_ControlMapsServiceServicer_to_server(servicer, server)),
    )


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    process.begin("controlmaps", settings)
    made = compose(settings)
    await serve_engines(settings, listen=settings.listen, engines=made.engines, registrations=[made.registration])


if __name__ == "__main__":
    process.run(main)
