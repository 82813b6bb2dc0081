"""A gateway's api for tests: real HTTP, Valkey, files, notifier and gRPC; model services that answer at once."""

import dataclasses
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from PIL import Image

from gateway.api import RunningApi, running
from gateway.jobs import keys, result, stages
from gateway.jobs.result import FoundObject, JobResult, ModelUsed, SurfaceDone
from gateway.settings import ApiSettings
from modomo.controlmaps.v1 import control_maps_service_pb2 as maps_pb
from modomo.controlmaps.v1 import control_maps_service_pb2_grpc as maps_grpc
from modomo.detection.v1 import detection_service_pb2 as detection_pb
from modomo.detection.v1 import detection_service_pb2_grpc as detection_grpc
from modomo.diffusion.v1 import diffusion_service_pb2 as diffusion_pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as diffusion_grpc
from modomo.type.v1 import geometry_pb2, room_pb2
from notifier.app import serving
from notifier.settings import Settings as NotifierSettings
from servicekit import ports
from servicekit import server as grpc_server
from servicekit.errors import ServiceError
from servicekit.joblog import Claim, Ending, JobStatus
from servicekit.joblog.redis import JobLog, JobLogSettings, connect
from servicekit.server import Registration, RunningServer, ServerOptions
from servicekit.storage.local import LocalStore
from servicekit.vocabulary import RoomType

STYLES = ("boho", "industrial", "minimalist", "modern", "scandinavian")


class Detector(detection_grpc.DetectionServiceServicer):
    """Finds the same sofa in everything."""

    def __init__(self) -> None:
        self.failure: ServiceError | None = None
        self.photos: list[bytes] = []

    async def Detect(self, request: detection_pb.DetectRequest, context: Any) -> detection_pb.DetectResponse:  # noqa: N802 - generated
        if self.failure:
            raise self.failure
        self.photos.append(request.image.data)
        box = geometry_pb2.Box(left=1, top=2, right=30, bottom=40)
        sofa = detection_pb.Detection(id="sofa-1", label="sofa", confidence=0.75, box=box)
        return detection_pb.DetectResponse(detections=[sofa])


class Classifier(maps_grpc.ControlMapsServiceServicer):
    """Takes everything for a kitchen."""

    async def Classify(self, request: maps_pb.ClassifyRequest, context: Any) -> maps_pb.ClassifyResponse:  # noqa: N802 - generated
        rooms = [
            maps_pb.RoomProbability(room_type=room_pb2.ROOM_TYPE_KITCHEN, probability=0.75),
            maps_pb.RoomProbability(room_type=room_pb2.ROOM_TYPE_OFFICE, probability=0.25),
        ]
        return maps_pb.ClassifyResponse(rooms=rooms, room_probability=0.5, is_room=True)


class Diffuser(diffusion_grpc.DiffusionServiceServicer):
    """Lists styles."""

    async def ListStyles(  # noqa: N802 - generated
        self, request: diffusion_pb.ListStylesRequest, context: Any
    ) -> diffusion_pb.ListStylesResponse:
        styles = [
            diffusion_pb.Style(name=name, title=name.title(), description="A style.", palette=["#FFFFFF", "#000000"])
            for name in STYLES
        ]
        return diffusion_pb.ListStylesResponse(styles=styles)


@dataclass
class Services:
    """The services behind a gateway."""

    detector: Detector
    servers: dict[str, RunningServer]

    def address(self, name: str) -> str:
        """Where a service answers."""
        return f"127.0.0.1:{self.servers[name].port}"


@asynccontextmanager
async def services_running() -> AsyncIterator[Services]:
    """Detection, controlmaps and diffusion, serving."""
    detector = Detector()
    classifier = Classifier()  # type: ignore[abstract]  # the api calls nothing else
    diffuser = Diffuser()  # type: ignore[abstract]  # the api calls nothing else
    registrations: dict[str, Registration] = {
        "detection": lambda server: detection_grpc.add_DetectionServiceServicer_to_server(detector, server),
        "controlmaps": lambda server: maps_grpc.add_ControlMapsServiceServicer_to_server(classifier, server),
        "diffusion": lambda server: diffusion_grpc.add_DiffusionServiceServicer_to_server(diffuser, server),
    }
    async with AsyncExitStack() as stack:
        servers = {}
        for name, register in registrations.items():
            options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.1)
            servers[name] = await stack.enter_async_context(grpc_server.running(options, [(name, register)]))
            servers[name].set_engine("lite")
            await servers[name].set_serving(True)
        yield Services(detector=detector, servers=servers)


StartNotifier: TypeAlias = Callable[[], AbstractAsyncContextManager[RunningServer]]
"""Starts the notifier where the gateway looks for it."""


@dataclass
class Gateway:
    """A gateway that serves, and what a test may do around it."""

    http: httpx.AsyncClient
    url: str
    api: RunningApi
    services: Services
    joblog: JobLog
    store: LocalStore
    settings: ApiSettings
    start_notifier: StartNotifier

    async def submit(self, photo: bytes, *, style: str = "modern", **preferences: Any) -> str:
        """Posts a photo and returns the job's id."""
        form = {"style": style} | ({"preferences": json.dumps(preferences)} if preferences else {})
        answer = await self.http.post("/transform/submit", files={"file": ("room.jpg", photo)}, data=form)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    async def complete(self, claim: Claim) -> None:
        """Ends a job well, its pictures stored, as a worker does."""
        job_id = claim.job.job_id
        made = {
            keys.transformed(job_id, 0): b"transformed",
            keys.thumbnail(job_id): b"thumbnail",
            keys.before_after(job_id): b"before-after",
            keys.control_map(job_id, "depth"): b"depth",
        }
        for key, data in made.items():
            await self.store.put(key, data, content_type="image/jpeg")
        await claim.finish(
            Ending(
                status=JobStatus.COMPLETED,
                message=stages.message(JobStatus.COMPLETED, style="modern"),
                result=result.encode(job_result(job_id)),
            )
        )


StartGateway: TypeAlias = Callable[..., Awaitable[Gateway]]
"""Called with changes to the settings."""


def job_result(job_id: str) -> JobResult:
    """A record such as a worker writes."""
    return JobResult(
        style="modern",
        original_key=keys.original(job_id),
        transformed_keys=(keys.transformed(job_id, 0),),
        thumbnail_key=keys.thumbnail(job_id),
        before_after_key=keys.before_after(job_id),
        control_map_keys={"depth": keys.control_map(job_id, "depth")},
        detections=(FoundObject(id="sofa-1", label="sofa", confidence=0.75, box=(1.0, 2.0, 30.0, 40.0)),),
        room_type=RoomType.KITCHEN,
        room_probability=0.5,
        engine="lite",
        models=(ModelUsed(name="lite", revision="1"),),
        seed=7,
        strength=0.8,
        surfaces=(SurfaceDone(label="wall", area=0.5, confidence=0.75, material="paint"),),
        palette_delta_e=None,
        quality={"overall": 0.92, "structure": 0.95},
        stage_seconds={"transforming": 1.5},
        processing_seconds=14.5,
        device_seconds=1.25,
        estimated_cost_usd=0.001,
        warnings=(),
    )


@pytest.fixture
async def start_gateway(joblog_settings: JobLogSettings, tmp_path: Path) -> AsyncIterator[StartGateway]:
    """Starts gateways with settings of one's own; all are gone with the test."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Gateway:
            joblog = connect(joblog_settings)
            for role in (joblog.queue, joblog.events, joblog.desk):
                stack.push_async_callback(role.close)
            services = await stack.enter_async_context(services_running())

            (notifier_port,) = ports.free(1)
            settings = ApiSettings(
                **dataclasses.asdict(joblog_settings),
                data_dir=tmp_path / "objects",
                listen="127.0.0.1:0",
                grpc_listen="127.0.0.1:0",
                detection_address=services.address("detection"),
                controlmaps_address=services.address("controlmaps"),
                diffusion_address=services.address("diffusion"),
                notifier_address=f"127.0.0.1:{notifier_port}",
                drain_seconds=0.1,
            )
            settings = dataclasses.replace(settings, **changes)
            notifier = NotifierSettings(
                **dataclasses.asdict(joblog_settings),
                listen=settings.notifier_address,
                drain_seconds=0.1,
                webhook_secrets=settings.webhook_secrets,
                webhook_networks=settings.webhook_networks,
            )
            api = await stack.enter_async_context(running(settings))
            url = f"http://127.0.0.1:{api.server.port}"
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
            return Gateway(
                http=http,
                url=url,
                api=api,
                services=services,
                joblog=joblog,
                store=LocalStore(settings.data_dir),
                settings=settings,
                start_notifier=lambda: serving(notifier),
            )

        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> AsyncIterator[Gateway]:
    """A gateway with a notifier, ready."""
    one = await start_gateway()
    async with one.start_notifier():
        yield one


def photo(width: int = 320, height: int = 256, *, colour: tuple[int, int, int] = (180, 120, 60)) -> bytes:
    """A small JPEG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG")
    return buffer.getvalue()
