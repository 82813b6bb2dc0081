"""Whether a service behind the gateway is serving, and with which engine."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from modomo.type.v1 import engine_pb2
from servicekit.errors import Unavailable
from servicekit.inference.engine import EngineInfo, info_from_proto
from servicekit.rpc.server import ENGINE_KEY, MODELS_KEY


class HealthClient:
    """Asks one service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = health_pb2_grpc.HealthStub(channel)

    async def check(self, *, timeout_seconds: float = 1.0) -> EngineInfo | None:
        """The engine with its models, None where the service has none.

        Raises Unavailable where the service does not answer in time, or is not ready.
        """
        call = self._stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_seconds)  # type: ignore[attr-defined]  # the published types leave it out
        try:
            response = await call
            metadata = dict(await call.initial_metadata())
        except grpc.aio.AioRpcError as error:
            raise Unavailable("NOT_ANSWERING", "does not answer") from error
        if response.status != health_pb2.HealthCheckResponse.SERVING:
            raise Unavailable("NOT_SERVING", "is not ready")
        if MODELS_KEY in metadata:
            return info_from_proto(engine_pb2.Engine.FromString(bytes(metadata[MODELS_KEY])))
        return EngineInfo(name=str(metadata[ENGINE_KEY])) if ENGINE_KEY in metadata else None
