"""Wire messages to diffusion's own values and back."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from diffusion.domain import SEEDS, Manifest, Maps, PassReport, PreviewFrame, Progress, Restyling, Result, Started, Tier
from diffusion.engine import Step
from diffusion.materials import Material, read_materials
from diffusion.styles import Finish, Pattern, Style
from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.type.v1 import control_map_pb2 as maps_pb
from modomo.type.v1 import image_pb2
from servicekit.errors import InvalidArgument, NotFound
from servicekit.imaging.arrays import RGB, Grey
from servicekit.imaging.codec import validate_shape
from servicekit.imaging.images import decode_grey, decode_mask, decode_rgb, encode_jpeg
from servicekit.imaging.resizing import reduced
from servicekit.inference.engine import info_to_proto
from servicekit.types import ade20k, colours
from servicekit.types.colours import parse_palette
from servicekit.types.corrections import MAX_CORRECTIONS, Correction, applied_to_proto, correction_from_proto
from servicekit.types.modes import RoomMode, mode_from_proto, mode_to_proto
from servicekit.types.rooms import RoomType, room_type_from_proto
from servicekit.types.surfaces import SurfaceName

MAX_PIXELS: Final = 8_388_608
"""Of a photo: 4096×2048. What an engine needs of memory grows with it."""
MAX_VARIANTS: Final = 4
MAX_PREVIEWS: Final = 8
FRAME_SIDE: Final = 512
"""Long side of a preview on the way, pixels."""
STYLE_IMAGE_SIDE: Final = 512
"""Long side that a style image is kept at, pixels."""
RESULT_QUALITY: Final = 94
PREVIEW_QUALITY: Final = 85
DRAWN_SEED_BITS: Final = 32
"""A seed that we draw survives every JSON parser."""

_TIERS: Final = {pb.TIER_UNSPECIFIED: Tier.QUALITY, pb.TIER_QUALITY: Tier.QUALITY, pb.TIER_FAST: Tier.FAST}


def restyling(request: pb.TransformRequest, styles: Mapping[str, Style]) -> Restyling:
    """What the request asks for, complete; raises InvalidArgument naming the field, NotFound for a style.

    Everything that costs little is checked before a picture is decoded.
    """
    style = styles.get(request.style)
    if style is None:
        raise NotFound("UNKNOWN_STYLE", f"There is no style {request.style[:40]!r}.", metadata={"field": "style"})
    strength = request.strength if request.HasField("strength") else 1.0 if request.surfaces else style.strength
    if not 0.0 <= strength <= 1.0:
        raise InvalidArgument("OUT_OF_RANGE", "strength must lie in 0–1.", field="strength")
    _validate_at_most(request.variants, MAX_VARIANTS, field="variants")
    _validate_at_most(request.previews, MAX_PREVIEWS, field="previews")
    _validate_at_most(request.seed, SEEDS - 1, field="seed")
    palette = parse_palette(request.color_palette, field="color_palette")
    room_type = _room_type(request)
    tier = _tier(request)
    mode = _mode(request)
    corrections = _corrections(request)
    surfaces = _surfaces(request, mode)
    photo = decode_rgb(request.image, max_pixels=MAX_PIXELS)
    return Restyling(
        photo=photo,
        style=style,
        room_type=room_type,
        maps=_maps(request.maps, photo.shape[:2]),
        keep=decode_mask(request.keep, shape=photo.shape[:2], field="keep") if request.HasField("keep") else None,
        mode=mode,
        remove=decode_mask(request.remove, shape=photo.shape[:2], field="remove")
        if mode is RoomMode.DECLUTTER
        else None,
        style_image=_style_image(request),
        repaint_openings=request.repaint_openings,
        corrections=corrections,
        surfaces=surfaces,
        palette=palette,
        strength=strength,
        seed=_seed(request),
        variants=request.variants or 1,
        tier=tier,
        previews=request.previews,
    )


def response(step: Step) -> pb.TransformResponse:
    """One message of the stream."""
    match step:
        case Started():
            return pb.TransformResponse(started=pb.Started())
        case Progress():
            return pb.TransformResponse(progress=pb.Progress(step=step.step, total_steps=step.total_steps))
        case PreviewFrame():
            image = preview_image(step.image, side=FRAME_SIDE)
            return pb.TransformResponse(preview=pb.PreviewFrame(step=step.step, image=image))
        case Result():
            images = [encode_jpeg(image, quality=RESULT_QUALITY) for image in step.images]
            return pb.TransformResponse(result=pb.Result(images=images, manifest=manifest(step.manifest)))


def preview_image(image: RGB, *, side: int) -> image_pb2.Image:
    """A JPEG with its long side at most `side`."""
    return encode_jpeg(reduced(image, side), quality=PREVIEW_QUALITY)


def manifest(made: Manifest) -> pb.Manifest:
    """How a result came to be, on the wire."""
    return pb.Manifest(
        engine=info_to_proto(made.engine),
        style=made.style,
        seed=made.seed,
        strength=made.strength,
        steps=made.steps,
        prompt=made.prompt,
        negative_prompt=made.negative_prompt,
        surfaces=[
            pb.Surface(label=one.label, area=one.area, confidence=one.confidence, material=one.material)
            for one in made.surfaces
        ],
        palette_delta_e=made.palette_delta_e,
        seconds=made.seconds,
        device_seconds=made.device_seconds,
        passes=[_pass(one) for one in made.passes],
        mode=mode_to_proto(made.mode),
        style_image_used=made.style_image_used,
        style_image_palette=made.style_image_palette,
        safety_checked=made.safety_checked,
        corrections=[applied_to_proto(one) for one in made.corrections],
    )


def _pass(made: PassReport) -> pb.Pass:
    return pb.Pass(
        stage=made.stage,
        width=made.width,
        height=made.height,
        steps=made.steps,
        strength=made.strength,
        controls=[
            pb.AppliedControl(control=one.control, scale=one.scale, start=one.start, end=one.end)
            for one in made.controls
        ],
    )


def style(described: Style) -> pb.Style:
    """A style as callers see it."""
    return pb.Style(
        name=described.name,
        title=described.title,
        description=described.description,
        palette=described.palette.colors,
    )


def material(described: Material) -> pb.Material:
    """A material as callers see it."""
    return pb.Material(
        name=described.name,
        title=described.title,
        surfaces=described.surfaces,
        color=described.finish.color,
        thumbnail=described.thumbnail,
    )


def _maps(messages: Sequence[maps_pb.ControlMap], shape: tuple[int, int]) -> Maps:
    found: dict[maps_pb.ControlMapKind.ValueType, image_pb2.Image] = {}
    for message in messages:
        if message.kind not in maps_pb.ControlMapKind.values() or not message.kind:
            raise InvalidArgument("UNKNOWN_KIND", "maps holds a map of an unknown kind.", field="maps")
        if message.kind in found:
            name = maps_pb.ControlMapKind.Name(message.kind)
            raise InvalidArgument("DUPLICATE_MAP", f"maps holds {name} more than once.", field="maps")
        found[message.kind] = message.image
    segmentation = found.get(maps_pb.CONTROL_MAP_KIND_SEGMENTATION)
    confidence = _grey(found.get(maps_pb.CONTROL_MAP_KIND_CONFIDENCE), shape)
    return Maps(
        depth=_grey(found.get(maps_pb.CONTROL_MAP_KIND_DEPTH), shape),
        canny=_grey(found.get(maps_pb.CONTROL_MAP_KIND_CANNY), shape),
        segmentation=None if segmentation is None else ade20k.labels(_sized(segmentation, shape)),
        confidence=None if confidence is None else confidence.astype(np.float32) / 255.0,
    )


def _grey(image: image_pb2.Image | None, shape: tuple[int, int]) -> Grey | None:
    if image is None:
        return None
    pixels = decode_grey(image, field="maps", max_pixels=MAX_PIXELS)
    validate_shape(pixels.shape[:2], shape, field="maps")
    return pixels


def _sized(image: image_pb2.Image, shape: tuple[int, int]) -> RGB:
    pixels = decode_rgb(image, field="maps", max_pixels=MAX_PIXELS)
    validate_shape(pixels.shape[:2], shape, field="maps")
    return pixels


def _room_type(request: pb.TransformRequest) -> RoomType | None:
    try:
        return room_type_from_proto(request.room_type)
    except ValueError as error:
        raise InvalidArgument("UNKNOWN_ROOM_TYPE", "room_type is none that we know.", field="room_type") from error


def _mode(request: pb.TransformRequest) -> RoomMode:
    try:
        mode = mode_from_proto(request.mode)
    except ValueError as error:
        raise InvalidArgument("UNKNOWN_MODE", "mode is none that we know.", field="mode") from error
    if mode is RoomMode.DECLUTTER and not request.HasField("remove"):
        raise InvalidArgument("FIELD_MISSING", "remove says what to remove, and is missing.", field="remove")
    if mode is not RoomMode.DECLUTTER and request.HasField("remove"):
        raise InvalidArgument("FIELD_INVALID", f"remove goes with declutter alone, not with {mode}.", field="remove")
    for name, given in (
        ("color_palette", bool(request.color_palette)),
        ("style_image", request.HasField("style_image")),
        ("corrections", bool(request.corrections)),
    ):
        if given and mode is RoomMode.DECLUTTER:
            raise InvalidArgument("FIELD_INVALID", f"{name} has no use with declutter.", field=name)
    return mode


def _corrections(request: pb.TransformRequest) -> tuple[Correction, ...]:
    _validate_at_most(len(request.corrections), MAX_CORRECTIONS, field="corrections")
    try:
        return tuple(correction_from_proto(one) for one in request.corrections)
    except ValueError as error:
        message = "corrections have x and y in 0–1 and a label that is known."
        raise InvalidArgument("FIELD_INVALID", message, field="corrections") from error


def _surfaces(request: pb.TransformRequest, mode: RoomMode) -> dict[SurfaceName, Finish]:
    """A finish for each surface, in the order of SurfaceName; raises InvalidArgument, NotFound for a material."""
    if not request.surfaces:
        return {}
    for name, given in (
        (f"mode {mode}", mode is not RoomMode.RESTYLE),
        ("color_palette", bool(request.color_palette)),
        ("style_image", request.HasField("style_image")),
    ):
        if given:
            raise InvalidArgument("FIELD_INVALID", f"surfaces have no use with {name}.", field="surfaces")
    unknown = set(request.surfaces) - set(SurfaceName)
    if unknown:
        message = f"There is no surface {min(unknown)[:40]!r}: {', '.join(SurfaceName)}."
        raise InvalidArgument("FIELD_INVALID", message, field="surfaces")
    return {name: _finish(name, request.surfaces[name]) for name in SurfaceName if name in request.surfaces}


def _finish(surface: SurfaceName, paint: str) -> Finish:
    if re.fullmatch(colours.PATTERN, paint):
        return Finish(name=f"paint {paint.upper()}", pattern=Pattern.PLAIN, color=paint)
    material = read_materials().get(paint)
    if material is None or surface not in material.surfaces:
        message = f"There is no material {paint[:40]!r} for {surface}."
        raise NotFound("UNKNOWN_MATERIAL", message, metadata={"field": f"surfaces.{surface}"})
    return material.finish


def _seed(request: pb.TransformRequest) -> int:
    if request.HasField("seed"):
        return int(request.seed)
    return 0 if request.surfaces else secrets.randbits(DRAWN_SEED_BITS)


def _style_image(request: pb.TransformRequest) -> RGB | None:
    """Shrunk: what is taken of it are colours, light and what an image encoder of 224 pixels sees."""
    if not request.HasField("style_image"):
        return None
    return reduced(decode_rgb(request.style_image, field="style_image", max_pixels=MAX_PIXELS), STYLE_IMAGE_SIDE)


def _tier(request: pb.TransformRequest) -> Tier:
    if request.tier not in _TIERS:
        raise InvalidArgument("UNKNOWN_TIER", "tier is none that we know.", field="tier")
    return _TIERS[request.tier]


def _validate_at_most(value: int, most: int, *, field: str) -> None:
    if value > most:
        raise InvalidArgument("OUT_OF_RANGE", f"{field} must lie in 0–{most}.", field=field)
