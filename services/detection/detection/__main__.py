"""Composes and runs the detection service."""

from detection.engine import Engine
from detection.pipeline import Pipeline
from detection.servicer import DetectionServicer
from detection.settings import PREFIX, Settings
from modomo.detection.v1 import detection_service_pb2 as pb
from modomo.detection.v1.detection_service_pb2_grpc import add_DetectionServiceServicer_to_server
from servicekit import process
from servicekit.config import env
from servicekit.inference.executor import DeviceExecutor
from servicekit.rpc.serve import Service, serve_engines
from servicekit.rpc.tls import Security
from servicekit.weights import WeightStore

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["DetectionService"].full_name


def build_engine(settings: Settings) -> Engine:
    """The engine that the settings name; imports only what it needs."""
    match settings.engine:
        case "lite":
            from detection.engine.lite import LiteEngine  # noqa: PLC0415 - only where chosen

            return LiteEngine(DeviceExecutor("detection", parallel=settings.threads, queue_limit=settings.queue_limit))
        case "torch":
            from detection.engine.torch import TorchEngine  # noqa: PLC0415 - only where chosen
            from detection.engine.torch_detector import Options, TorchDetector  # noqa: PLC0415 - only where chosen

            options = Options(
                detector=settings.detector,
                segmenter=settings.segmenter,
                device=settings.device,
                side=settings.detector_side,
                min_confidence=settings.min_confidence,
            )
            store = WeightStore(settings.weights)
            executor = DeviceExecutor("detection", queue_limit=settings.queue_limit)
            return TorchEngine(executor, lambda: TorchDetector(store, options))
        case "triton":
            from detection.engine.triton import TritonEngine  # noqa: PLC0415 - only where chosen
            from servicekit.inference.triton.client import TritonClient  # noqa: PLC0415 - only where chosen

            return TritonEngine(TritonClient(settings.triton, security=Security.of(settings)))
        case "modal":
            from detection.engine.modal import ModalEngine  # noqa: PLC0415 - only where chosen
            from servicekit.inference.modal.client import ModalClient  # noqa: PLC0415 - only where chosen

            return ModalEngine(ModalClient(settings.modal, limit=settings.queue_limit))


def compose(settings: Settings) -> Service:
    """The service that the settings describe, its engines not loaded yet; raises SettingsError."""
    engine = build_engine(settings)
    servicer = DetectionServicer(Pipeline(engine))
    return Service(
        engines=[engine],
        registration=(SERVICE_NAME, lambda server: add_DetectionServiceServicer_to_server(servicer, server)),
    )


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    process.begin("detection", settings)
    made = compose(settings)
    await serve_engines(settings, listen=settings.listen, engines=made.engines, registrations=[made.registration])


if __name__ == "__main__":
    process.run(main)
