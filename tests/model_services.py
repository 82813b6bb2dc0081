"""Detection, controlmaps and diffusion over real gRPC, with engines that do nothing or misbehave on order.

For tests of what stands in front of them: requests are recorded, answers are small and known, and a test can make any
call slow, fail or wait.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
import numpy as np
import pytest

from modomo.controlmaps.v1 import control_maps_service_pb2 as maps_pb
from modomo.controlmaps.v1 import control_maps_service_pb2_grpc as maps_grpc
from modomo.detection.v1 import detection_service_pb2 as detection_pb
from modomo.detection.v1 import detection_service_pb2_grpc as detection_grpc
from modomo.diffusion.v1 import diffusion_service_pb2 as diffusion_pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as diffusion_grpc
from modomo.type.v1 import control_map_pb2, engine_pb2, geometry_pb2, room_pb2
from modomo.type.v1.image_pb2 import Image
from servicekit.images import decode_rgb, encode_jpeg, encode_mask, encode_png
from servicekit.server import ServerOptions, running

Call: TypeAlias = grpc.aio.ServicerContext[Any, Any]

STYLES = ("boho", "industrial", "minimalist", "modern", "scandinavian")
OBJECTS = (("sofa-1", "sofa", 0.0, 0.5), ("lamp-1", "lamp", 0.5, 0.6), ("window-1", "window", 0.7, 1.0))
"""Id, label, and from where to where it lies, as shares of the photo's width; each is as high as the photo."""


@dataclass
class ModelServices:
    """The three services, and what a test may ask of them. Calls are named by their RPC: `Detect`, `Transform`, …"""

    addresses: dict[str, str] = field(default_factory=dict)
    """`host:port` by service."""

    requests: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Every request by RPC."""

    errors: defaultdict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    """What the next calls of an RPC raise instead of answering, in order."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """How long calls of an RPC take before they answer; each step, for `Transform`."""

    started: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Set when an RPC is called (`Transform`: when its third step is done)."""

    cancelled: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Set when a call of an RPC is left before its answer was complete."""

    steps: int = 4
    """Of each Transform."""

    steps_done: int = 0
    """By all calls of Transform so far."""

    is_room: bool = True

    quality: list[float] = field(default_factory=list)
    """Overall quality of the next judgements, in order; 0.9 when they are used up."""

    device_seconds: float = 2.0
    """Of each Transform."""

    engine: str = "test"
    """Name and revision of every engine."""

    async def called(self, rpc: str, request: Any) -> None:
        """Records a call, and delays or fails it as ordered."""
        self.requests[rpc].append(request)
        self.started[rpc].set()
        if self.errors[rpc]:
            raise self.errors[rpc].pop(0)
        try:
            await asyncio.sleep(self.seconds[rpc])  # the work of an engine that does none
        except asyncio.CancelledError:
            self.cancelled[rpc].set()
            raise

    def count(self, rpc: str) -> int:
        """How often an RPC was called."""
        return len(self.requests[rpc])

    def made_by(self) -> engine_pb2.Engine:
        """Who answers."""
        return engine_pb2.Engine(
            name=self.engine, models=[engine_pb2.Model(name=f"{self.engine}-model", revision=self.engine)]
        )


class _Detection(detection_grpc.DetectionServiceServicer):
    def __init__(self, services: ModelServices) -> None:
        self._services = services

    async def Detect(self, request: detection_pb.DetectRequest, call: Call) -> detection_pb.DetectResponse:  # noqa: N802 - the generated base names it
        await self._services.called("Detect", request)
        height, width = decode_rgb(request.image).shape[:2]
        found = []
        for id_, label, left, right in OBJECTS:
            region = np.zeros((height, width), bool)
            region[:, round(left * width) : round(right * width)] = True
            box = geometry_pb2.Box(left=left * width, top=0, right=right * width, bottom=height)
            mask = encode_mask(region)
            found.append(detection_pb.Detection(id=id_, label=label, confidence=0.9, box=box, mask=mask))
        return detection_pb.DetectResponse(detections=found, engine=self._services.made_by())


class _ControlMaps(maps_grpc.ControlMapsServiceServicer):
    def __init__(self, services: ModelServices) -> None:
        self._services = services

    async def Classify(self, request: maps_pb.ClassifyRequest, call: Call) -> maps_pb.ClassifyResponse:  # noqa: N802 - the generated base names it
        await self._services.called("Classify", request)
        probabilities = ((room_pb2.ROOM_TYPE_BEDROOM, 0.75), (room_pb2.ROOM_TYPE_KITCHEN, 0.25))
        return maps_pb.ClassifyResponse(
            rooms=[maps_pb.RoomProbability(room_type=room, probability=share) for room, share in probabilities],
            room_probability=0.75 if self._services.is_room else 0.125,
            is_room=self._services.is_room,
            engine=self._services.made_by(),
        )

    async def Generate(self, request: maps_pb.GenerateRequest, call: Call) -> maps_pb.GenerateResponse:  # noqa: N802 - the generated base names it
        await self._services.called("Generate", request)
        grey = decode_rgb(request.image)[..., 0]
        kinds = (control_map_pb2.CONTROL_MAP_KIND_DEPTH, control_map_pb2.CONTROL_MAP_KIND_SEGMENTATION)
        maps = [control_map_pb2.ControlMap(kind=kind, image=encode_png(grey)) for kind in kinds]
        return maps_pb.GenerateResponse(maps=maps, engine=self._services.made_by())

    async def Assess(self, request: maps_pb.AssessRequest, call: Call) -> maps_pb.AssessResponse:  # noqa: N802 - the generated base names it
        await self._services.called("Assess", request)
        overall = self._services.quality.pop(0) if self._services.quality else 0.9
        return maps_pb.AssessResponse(
            structure=overall, palette=1, keep=1, sharpness=1, overall=overall, engine=self._services.made_by()
        )


class _Diffusion(diffusion_grpc.DiffusionServiceServicer):
    def __init__(self, services: ModelServices) -> None:
        self._services = services

    async def Transform(  # noqa: N802 - the generated base names it
        self, request: diffusion_pb.TransformRequest, call: Call
    ) -> AsyncIterator[diffusion_pb.TransformResponse]:
        async with aclosing(self._steps(request)) as steps:
            async for step in steps:
                yield step

    async def _steps(self, request: diffusion_pb.TransformRequest) -> Any:
        services = self._services
        complete = False
        services.requests["Transform"].append(request)
        if services.errors["Transform"]:
            raise services.errors["Transform"].pop(0)
        try:
            for step in range(1, services.steps + 1):
                await asyncio.sleep(services.seconds["Transform"])  # the work of an engine that does none
                services.steps_done += 1
                yield diffusion_pb.TransformResponse(
                    progress=diffusion_pb.Progress(step=step, total_steps=services.steps)
                )
                if step == min(3, services.steps):
                    services.started["Transform"].set()
                    preview = diffusion_pb.PreviewFrame(step=step, image=_darker(request.image))
                    yield diffusion_pb.TransformResponse(preview=preview)
            complete = True
            yield diffusion_pb.TransformResponse(
                result=diffusion_pb.Result(
                    images=[_darker(request.image)] * max(1, request.variants), manifest=self._manifest(request)
                )
            )
        finally:
            if not complete:
                services.cancelled["Transform"].set()

    async def Preview(  # noqa: N802 - the generated base names it
        self, request: diffusion_pb.PreviewRequest, call: Call
    ) -> diffusion_pb.PreviewResponse:
        await self._services.called("Preview", request)
        image = _darker(request.transform.image)
        return diffusion_pb.PreviewResponse(image=image, manifest=self._manifest(request.transform))

    async def ListStyles(  # noqa: N802 - the generated base names it
        self, request: diffusion_pb.ListStylesRequest, call: Call
    ) -> diffusion_pb.ListStylesResponse:
        await self._services.called("ListStyles", request)
        styles = [
            diffusion_pb.Style(name=name, title=name.capitalize(), description="For tests.", palette=["#FFFFFF"])
            for name in STYLES
        ]
        return diffusion_pb.ListStylesResponse(styles=styles)

    def _manifest(self, request: diffusion_pb.TransformRequest) -> diffusion_pb.Manifest:
        return diffusion_pb.Manifest(
            engine=self._services.made_by(),
            style=request.style,
            seed=request.seed,
            strength=request.strength if request.HasField("strength") else 0.75,
            surfaces=[diffusion_pb.Surface(label="wall", area=0.5, confidence=0.75, material="plaster")],
            palette_delta_e=3.0 if request.color_palette else None,
            device_seconds=self._services.device_seconds,
        )


def _darker(image: Image) -> Image:
    return encode_jpeg(decode_rgb(image) // 2)


@pytest.fixture
async def model_services() -> AsyncIterator[ModelServices]:
    """The services, listening."""
    services = ModelServices()
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.0)
    async with AsyncExitStack() as exits:
        for name, registration in {
            "detection": lambda server: detection_grpc.add_DetectionServiceServicer_to_server(
                _Detection(services), server
            ),
            "controlmaps": lambda server: maps_grpc.add_ControlMapsServiceServicer_to_server(
                _ControlMaps(services), server
            ),
            "diffusion": lambda server: diffusion_grpc.add_DiffusionServiceServicer_to_server(
                _Diffusion(services), server
            ),
        }.items():
            server = await exits.enter_async_context(running(options, [(f"test.{name}", registration)]))
            await server.set_serving(True)
            services.addresses[name] = f"127.0.0.1:{server.port}"
        yield services
