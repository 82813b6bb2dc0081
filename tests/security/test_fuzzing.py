"""Requests that nobody would send, by the hundred: to every HTTP operation as the OpenAPI document describes it, and to
every RPC of all five services as their descriptors do. None may end in a server error.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import DataObject, data

from deploy.local.stack import Stack
from gateway.api.auth import Scope
from gateway.api.auth.api_keys import draw
from gateway.api.auth.keys_command import as_toml
from modomo.controlmaps.v1 import control_maps_service_pb2
from modomo.detection.v1 import detection_service_pb2
from modomo.diffusion.v1 import diffusion_service_pb2
from modomo.notifier.v1 import notifier_service_pb2
from modomo.transform.v1 import transform_service_pb2
from tests.fixtures.gateway import StartGateway
from tests.security.messages import messages

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
FILES = {
    "detection": detection_service_pb2,
    "controlmaps": control_maps_service_pb2,
    "diffusion": diffusion_service_pb2,
    "notifier": notifier_service_pb2,
    "transform": transform_service_pb2,
}
METHODS = [
    pytest.param(name, method, id=method.full_name)
    for name, file in FILES.items()
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
SERVER_ERRORS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED)
SECONDS, RESPONSES = 3.0, 5


@pytest.mark.slow
async def test_http_as_its_document_says(start_gateway: StartGateway, tmp_path: Path) -> None:
    key, record = draw("anna", tuple(Scope))
    gateway = await start_gateway(api_keys=as_toml(record), units_per_minute=0)
    command = [SCHEMATHESIS, "run", f"{gateway.url}/openapi.json", "--max-examples", "5", "--seed", "1"]
    options = [
        "--phases",
        "examples,coverage,fuzzing",
        "--checks",
        CHECKS,
        "--no-color",
        "-H",
        f"Authorization: Bearer {key}",
    ]
    async with gateway.start_notifier():
        ran = await asyncio.to_thread(
            subprocess.run, [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert ran.returncode == 0, ran.stdout[-6000:]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), METHODS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw_one=data())
def test_rpcs_as_their_descriptors_say(stack: Stack, name: str, method: MethodDescriptor, draw_one: DataObject) -> None:
    request = draw_one.draw(messages(method.input_type))
    address = f"127.0.0.1:{stack.layout.grpc_port}" if name == "transform" else stack.layout.address(name)
    code = _call(address, method, request)
    assert code not in SERVER_ERRORS, f"{code} for {request}"


def _call(address: str, method: MethodDescriptor, request: Message) -> grpc.StatusCode:
    """How a call ended; a stream that goes on is left."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    encode, decode = type(request).SerializeToString, GetMessageClass(method.output_type).FromString
    with grpc.insecure_channel(address) as channel:
        try:
            if not method.server_streaming:
                unary: Any = channel.unary_unary(path, request_serializer=encode, response_deserializer=decode)
                unary(request, timeout=SECONDS)
                return grpc.StatusCode.OK
            streaming: Any = channel.unary_stream(path, request_serializer=encode, response_deserializer=decode)
            responses = streaming(request, timeout=SECONDS)
            for _response, _number in zip(responses, range(RESPONSES), strict=False):
                pass
            responses.cancel()
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
    return grpc.StatusCode.OK
