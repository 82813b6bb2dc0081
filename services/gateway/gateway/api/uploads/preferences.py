"""The `preferences` part: JSON from outside to values that the rest can trust."""

import codecs
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from gateway.api.field_problems import InvalidFields
from gateway.jobs.request import SEEDS, Preferences
from servicekit.errors import InvalidArgument
from servicekit.types import colours, corrections
from servicekit.types.modes import RoomMode
from servicekit.types.objects import ObjectLabel
from servicekit.types.rooms import RoomType
from servicekit.types.surfaces import SurfaceName

MAX_BYTES: Final = 16 * 1024
MAX_KEPT: Final = 64
MAX_PROBLEMS: Final = 32
"""Fields that are told to be wrong at once."""
MAX_GROUP_WORD: Final = 64
FIELD: Final = "preferences"

_LABELS: Final = "|".join(ObjectLabel)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = BeforeValidator(_whole)
"""`7.0` is the same number as `7` in JSON, and an integer for JSON Schema."""
Colour = Annotated[str, Field(pattern=colours.PATTERN, max_length=7), AfterValidator(str.upper)]


def _printable(word: str) -> str:
    if not word.isprintable():
        raise ValueError("has characters that cannot be printed")
    return word


Word = Annotated[str, Field(min_length=1, max_length=MAX_GROUP_WORD, pattern=r"^\S+$"), AfterValidator(_printable)]
DetectionId = Annotated[str, Field(pattern=f"^({_LABELS})-[1-9][0-9]{{0,2}}$", max_length=40)]


Share = Annotated[float, Field(ge=0, le=1)]
Paint = Annotated[
    str,
    Field(pattern=f"{colours.PATTERN}|^[a-z][a-z0-9-]{{0,39}}$", max_length=40),
    AfterValidator(lambda value: value.upper() if value.startswith("#") else value),
]


class Correction(BaseModel):
    """What is at a place in the upright photo, by somebody who has looked."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    x: Share = Field(description="In shares of the width, from the left.")
    y: Share = Field(description="In shares of the height, from the top.")
    label: corrections.CorrectionLabel


class Surfaces(BaseModel):
    """What each surface is to be: a colour `#RRGGBB`, or a material that GET /materials lists for it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    wall: Paint | None = None
    floor: Paint | None = None
    ceiling: Paint | None = None
    cabinet: Paint | None = Field(default=None, description="Cabinets, wardrobes, tables, shelves.")
    upholstery: Paint | None = Field(default=None, description="Sofas, armchairs, cushioned seats.")
    bed: Paint | None = None
    curtain: Paint | None = None
    rug: Paint | None = None


class PreferencesBody(BaseModel):
    """What the caller prefers. Unknown fields are refused."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        title="Preferences",
        json_schema_extra={
            # the first is what a form in /docs begins with, so it chooses nothing
            "examples": [{}, {"keep_furniture": False, "color_palette": ["#FFFFFF", "#000000"], "variants": 2}]
        },
    )

    keep_furniture: bool = Field(default=False, description="Leaves all furniture exactly as it is.")
    color_palette: list[Colour] = Field(
        default=[], max_length=colours.MAX_PALETTE, description="Colours to steer to, `#RRGGBB`."
    )
    room_type: RoomType | None = Field(default=None, description="What the room is; absent: the service finds out.")
    strength: float | None = Field(
        default=None, ge=0, le=1, description="0 (the original) to 1 (the full effect); absent: the style's default."
    )
    seed: Annotated[int, Field(ge=0, lt=SEEDS), WHOLE] | None = Field(
        default=None,
        description="Same request, same seed: same result. Absent: one is drawn and told.",
    )
    variants: Annotated[int, Field(ge=1, le=4), WHOLE] = Field(default=1, description="Number of results.")
    keep: list[DetectionId] = Field(
        default=[], max_length=MAX_KEPT, description="Ids of detections to leave exactly as they are, `sofa-1`."
    )
    require_room: bool = Field(
        default=False, description="Refuse a photo that shows no room, instead of completing with a warning."
    )
    mode: RoomMode = Field(
        default=RoomMode.RESTYLE,
        description="`stage` furnishes an empty room, `declutter` removes what is not furniture and looks at no style; "
        "an engine that cannot is a 422 that names it.",
    )
    repaint_openings: bool = Field(
        default=False, description="Whether windows and doors may be repainted; otherwise they stay as they are."
    )
    group: Word | None = Field(
        default=None,
        description="A word of your own: up to 8 photos that share it come out with the same materials, colours and "
        "seed. What later ones leave out is taken from the first.",
    )
    corrections: list[Correction] = Field(
        default=[],
        max_length=corrections.MAX_CORRECTIONS,
        description="What is where, where the service has it wrong: the region around each place, up to the photo's "
        "edges, is painted as what it is, or left. An engine that cannot is a 422 that names it.",
    )
    surfaces: Surfaces | None = Field(
        default=None,
        description="Repaints only these and leaves all else exactly as it is; the style is not looked at, the seed is "
        "0 unless it is said. An engine that cannot is a 422 that names it.",
    )


def parse(text: bytes) -> Preferences:
    """Reads the part; raises InvalidFields naming each field that is wrong, `preferences.strength`."""
    text = text.removeprefix(codecs.BOM_UTF8)  # RFC 8259, 8.1: it may be ignored
    _validate_object(text)
    try:
        body = PreferencesBody.model_validate_json(text)
    except ValidationError as error:
        raise _wrong_fields(error) from error
    _validate_for_mode(body)
    surfaces = body.surfaces.model_dump(exclude_none=True) if body.surfaces else {}
    _validate_for_surfaces(body, surfaces)
    return Preferences(
        keep_furniture=body.keep_furniture,
        color_palette=tuple(body.color_palette),
        room_type=body.room_type,
        strength=body.strength,
        seed=0 if surfaces and body.seed is None else body.seed,
        variants=body.variants,
        keep=tuple(dict.fromkeys(body.keep)),
        require_room=body.require_room,
        mode=body.mode,
        repaint_openings=body.repaint_openings,
        group=body.group or "",
        corrections=tuple(corrections.Correction(x=one.x, y=one.y, label=one.label) for one in body.corrections),
        surfaces={name: surfaces[name] for name in SurfaceName if name in surfaces},
    )


def _validate_for_mode(body: PreferencesBody) -> None:
    """Raises InvalidArgument for what the mode has no use for."""
    useless = {
        RoomMode.RESTYLE: (),
        RoomMode.STAGE: ("strength", "corrections", "surfaces"),
        RoomMode.DECLUTTER: ("strength", "color_palette", "repaint_openings", "group", "corrections", "surfaces"),
    }
    _validate_unset(body, useless[body.mode], beside=f"mode {body.mode}")


def _validate_for_surfaces(body: PreferencesBody, surfaces: Mapping[str, str]) -> None:
    """Raises InvalidArgument for what has no use where only some surfaces are repainted."""
    if surfaces:
        _validate_unset(body, ("color_palette", "repaint_openings", "group"), beside="surfaces")
    elif body.surfaces is not None:
        field = _path(["surfaces"])
        raise InvalidArgument("FIELD_INVALID", f"{field} names none.", field=field)


def _validate_unset(body: PreferencesBody, names: Iterable[str], *, beside: str) -> None:
    for name in names:
        if name in body.model_fields_set and getattr(body, name) != PreferencesBody.model_fields[name].default:
            field = _path([name])
            raise InvalidArgument("FIELD_INVALID", f"{field} has no use with {beside}.", field=field)


def _validate_object(text: bytes) -> None:
    """Raises InvalidArgument for what is no JSON object, or names a field twice (parsers differ in which one wins)."""
    try:
        value = json.loads(text.decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise _not_json() from error
    if not isinstance(value, dict):
        raise InvalidArgument("NOT_AN_OBJECT", f"{FIELD} must be a JSON object.", field=FIELD)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidArgument("DUPLICATE_FIELD", f"{_shown(name)!r} comes more than once.", field=_path([name]))
        values[name] = value
    return values


def _wrong_fields(error: ValidationError) -> InvalidFields:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return InvalidFields([_wrong_field(one) for one in problems[:MAX_PROBLEMS]])


def _wrong_field(problem: ErrorDetails) -> InvalidArgument:
    field = _path(problem["loc"])
    if problem["type"] == "json_invalid":  # pydantic's parser is stricter than Python's: lone surrogates
        return _not_json()
    if problem["type"] == "extra_forbidden":
        return InvalidArgument("UNKNOWN_FIELD", f"There is no field {field!r}.", field=field)
    return InvalidArgument("FIELD_INVALID", f"{field}: {problem['msg']}.", field=field)


def _not_json() -> InvalidArgument:
    return InvalidArgument("MALFORMED_JSON", f"{FIELD} is not JSON.", field=FIELD)


def _path(location: list[str | int] | tuple[str | int, ...]) -> str:
    """`preferences.color_palette[2]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in location)
    return FIELD + "".join(parts)


def _shown(name: str) -> str:
    """A name from outside, short and printable."""
    return ascii(name[:64])[1:-1]
