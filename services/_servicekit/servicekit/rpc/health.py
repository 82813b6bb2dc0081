"""`python -m servicekit.rpc.health HOST:PORT` ends with 0 where a gRPC server says SERVING: a health check."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def serving(address: str, *, seconds: float = 2.0) -> bool:
    """Whether the server as a whole is SERVING; false also where nothing answers in time."""
    with grpc.insecure_channel(address) as channel:
        try:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=seconds)  # type: ignore[attr-defined]  # missing from the type stubs only
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if serving(sys.argv[1]) else 1)
