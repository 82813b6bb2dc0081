"""Composes and runs the controlmaps service."""

from controlmaps.engine import Engine
from controlmaps.pipeline import Pipeline
from controlmaps.servicer import ControlMapsServicer
from controlmaps.settings import PREFIX, Settings
from modomo.controlmaps.v1 import control_maps_service_pb2 as pb
from modomo.controlmaps.v1.control_maps_service_pb2_grpc import add_ControlMapsServiceServicer_to_server
from servicekit import env, logs, process
from servicekit.executor import DeviceExecutor
from servicekit.serve import serve_engines

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ControlMapsService"].full_name


def build_engine(settings: Settings) -> Engine:
    """The engine that the settings name; imports only what it needs."""
    executor = DeviceExecutor("controlmaps", parallel=settings.threads, queue_limit=settings.queue_limit)
    match settings.engine:
        case "lite":
            from controlmaps.engine.lite import LiteEngine  # noqa: PLC0415 - only where chosen

            return LiteEngine(executor, recent_photos=settings.recent_photos)


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    logs.configure("controlmaps", level=settings.log_level, log_format=settings.log_format)
    engine = build_engine(settings)
    servicer = ControlMapsServicer(Pipeline(engine), room_threshold=settings.room_threshold)
    await serve_engines(
        settings,
        listen=settings.listen,
        engines=[engine],
        registrations=[(SERVICE_NAME, lambda server: add_ControlMapsServiceServicer_to_server(servicer, server))],
    )


if __name__ == "__main__":
    process.run(main)
