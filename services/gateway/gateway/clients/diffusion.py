"""The diffusion service as plain async calls."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import grpc

from gateway.clients.calls import broke_off, translated
from gateway.clients.messages import jpeg, png
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1.diffusion_service_pb2_grpc import DiffusionServiceStub
from modomo.type.v1.control_map_pb2 import ControlMap
from modomo.type.v1.image_pb2 import Mask
from servicekit.errors import ServiceError
from servicekit.inference.engine import EngineInfo, info_from_proto
from servicekit.types.control_maps import MapKind, map_kind_to_proto
from servicekit.types.corrections import AppliedCorrection, Correction, applied_from_proto, correction_to_proto
from servicekit.types.modes import RoomMode, mode_from_proto, mode_to_proto
from servicekit.types.rooms import RoomType, room_type_to_proto
from servicekit.types.surfaces import SurfaceName


class Tier(StrEnum):
    """How much time may be spent on a result."""

    DEFAULT = "default"
    QUALITY = "quality"
    FAST = "fast"


@dataclass(frozen=True, kw_only=True)
class Restyling:
    """What to make of a photo."""

    photo: bytes
    """JPEG."""
    style: str
    room_type: RoomType | None = None
    maps: Mapping[MapKind, bytes] = field(default_factory=dict)
    """PNGs of the photo's size."""
    keep: bytes = b""
    """Mask as PNG; empty where nothing has to stay as it is."""
    palette: tuple[str, ...] = ()
    """`#RRGGBB`; empty leaves the colours to the style."""
    strength: float | None = None
    """0–1; None for the style's default."""
    seed: int | None = None
    """0 ≤ seed < 2⁵³; None lets the service draw one."""
    variants: int = 1
    tier: Tier = Tier.DEFAULT
    previews: int = 0
    """Number of previews wanted on the way, 0–8."""
    mode: RoomMode = RoomMode.RESTYLE
    remove: bytes = b""
    """Mask as PNG of what declutter removes; empty in every other mode."""
    repaint_openings: bool = False
    style_image: bytes = b""
    """JPEG whose look is wanted; empty for none."""
    corrections: tuple[Correction, ...] = ()
    surfaces: Mapping[SurfaceName, str] = field(default_factory=dict)
    """What alone is to be repainted, with a colour or a material for each; none for everything."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A surface that was repainted, or deliberately left alone (no material)."""

    label: str
    area: float
    """Share of the picture, 0–1."""
    confidence: float
    """0–1."""
    material: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """How a result came to be."""

    engine: EngineInfo
    seed: int
    strength: float
    surfaces: tuple[Surface, ...]
    palette_delta_e: float | None
    """Mean ΔE2000 to the palette asked for; None without one."""
    device_seconds: float
    style_image_palette: tuple[str, ...] = ()
    """`#RRGGBB` that were taken from the picture whose look was wanted."""
    safety_checked: bool = False
    corrections: tuple[AppliedCorrection, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkStarted:
    """The engine has taken the request up; until then it waited for the device."""


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """A step was done."""

    step: int
    total_steps: int


@dataclass(frozen=True, kw_only=True)
class PreviewPicture:
    """The result as it looks so far."""

    step: int
    jpeg: bytes


@dataclass(frozen=True, kw_only=True)
class Restyled:
    """The result."""

    jpegs: tuple[bytes, ...]
    """One a variant."""
    manifest: Manifest

    @property
    def engine(self) -> EngineInfo:
        """Who made it."""
        return self.manifest.engine


@dataclass(frozen=True, kw_only=True)
class StyleInfo:
    """A style that can be asked for."""

    name: str
    title: str
    description: str
    palette: tuple[str, ...]
    """`#RRGGBB`."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """A material that a surface can be made of."""

    name: str
    title: str
    surfaces: tuple[str, ...]
    """Those that it suits."""
    color: str
    """`#RRGGBB`."""
    thumbnail: bytes
    """A small WebP."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What can be asked for."""

    styles: tuple[StyleInfo, ...]
    engine: str = ""
    """Empty where the service does not say."""
    modes: tuple[RoomMode, ...] = (RoomMode.RESTYLE,)
    takes_style_image: bool = False
    takes_corrections: bool = False
    materials: tuple[Material, ...] = ()
    """What surfaces can be made of; empty where surfaces cannot be repainted by themselves."""
    usual_seconds: float = 0.0
    """That the engine usually takes for a picture; 0 where it does not say."""


Step: TypeAlias = WorkStarted | StepDone | PreviewPicture | Restyled


class DiffusionClient:
    """Calls DiffusionService; `seconds` become the deadline of a call. Failures are ServiceError."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DiffusionServiceStub(channel)

    async def transform(self, restyling: Restyling, *, seconds: float) -> AsyncGenerator[Step, None]:
        """Steps, previews, and one result at the end.

        Close the generator (`contextlib.aclosing`) or cancel its reader to stop the engine between two steps. A service
        that goes away in mid-work is CONNECTION_LOST, other than one that is not there in the first place.
        """
        call = self._stub.Transform(_request(restyling), timeout=seconds)
        begun, result = False, None
        try:
            with translated("diffusion"):
                async for response in call:
                    begun = True
                    match response.WhichOneof("event"):
                        case "started":
                            yield WorkStarted()
                        case "progress":
                            progress = response.progress
                            yield StepDone(step=progress.step, total_steps=progress.total_steps)
                        case "preview":
                            yield PreviewPicture(step=response.preview.step, jpeg=response.preview.image.data)
                        case "result":  # the last message; the end is waited for, so that the call ends well
                            result = _restyled(response.result)
        except ServiceError as error:
            if result is None and begun and error.code is grpc.StatusCode.UNAVAILABLE:
                raise broke_off() from error
            if result is None:
                raise
        finally:
            call.cancel()
        if result is None:
            raise broke_off()
        yield result

    async def preview(self, restyling: Restyling, *, seconds: float) -> bytes:
        """A first look as JPEG, made at once."""
        with translated("diffusion"):
            response = await self._stub.Preview(pb.PreviewRequest(transform=_request(restyling)), timeout=seconds)
        return response.image.data

    async def catalogue(self, *, seconds: float) -> Catalogue:
        """The styles that can be asked for, by name, and what the engine can do."""
        with translated("diffusion"):
            response = await self._stub.ListStyles(pb.ListStylesRequest(), timeout=seconds)
        styles = (
            StyleInfo(name=style.name, title=style.title, description=style.description, palette=tuple(style.palette))
            for style in response.styles
        )
        return Catalogue(
            styles=tuple(styles),
            engine=response.engine,
            modes=tuple(_known_modes(response)) or (RoomMode.RESTYLE,),
            takes_style_image=response.takes_style_image,
            takes_corrections=response.takes_corrections,
            materials=tuple(
                Material(
                    name=one.name,
                    title=one.title,
                    surfaces=tuple(one.surfaces),
                    color=one.color,
                    thumbnail=one.thumbnail,
                )
                for one in response.materials
            ),
            usual_seconds=response.usual_seconds,
        )


def _known_modes(response: pb.ListStylesResponse) -> Iterator[RoomMode]:
    """Without those that only a newer service knows."""
    for value in response.modes:
        with suppress(ValueError):
            yield mode_from_proto(value)


def _request(restyling: Restyling) -> pb.TransformRequest:
    tier = "UNSPECIFIED" if restyling.tier is Tier.DEFAULT else restyling.tier.name
    return pb.TransformRequest(
        image=jpeg(restyling.photo),
        style=restyling.style,
        room_type=room_type_to_proto(restyling.room_type),
        maps=[ControlMap(kind=map_kind_to_proto(kind), image=png(data)) for kind, data in restyling.maps.items()],
        keep=Mask(png=restyling.keep) if restyling.keep else None,
        color_palette=restyling.palette,
        strength=restyling.strength,
        seed=restyling.seed,
        variants=restyling.variants,
        tier=pb.Tier.Value(f"TIER_{tier}"),
        previews=restyling.previews,
        mode=mode_to_proto(restyling.mode),
        remove=Mask(png=restyling.remove) if restyling.mode is RoomMode.DECLUTTER else None,
        repaint_openings=restyling.repaint_openings,
        style_image=jpeg(restyling.style_image) if restyling.style_image else None,
        corrections=[correction_to_proto(one) for one in restyling.corrections],
        surfaces={str(name): paint for name, paint in restyling.surfaces.items()},
    )


def _restyled(result: pb.Result) -> Restyled:
    manifest = result.manifest
    return Restyled(
        jpegs=tuple(image.data for image in result.images),
        manifest=Manifest(
            engine=info_from_proto(manifest.engine),
            seed=manifest.seed,
            strength=manifest.strength,
            surfaces=tuple(
                Surface(label=one.label, area=one.area, confidence=one.confidence, material=one.material)
                for one in manifest.surfaces
            ),
            palette_delta_e=manifest.palette_delta_e if manifest.HasField("palette_delta_e") else None,
            device_seconds=manifest.device_seconds,
            style_image_palette=tuple(manifest.style_image_palette),
            safety_checked=manifest.safety_checked,
            corrections=tuple(applied_from_proto(one) for one in manifest.corrections),
        ),
    )
