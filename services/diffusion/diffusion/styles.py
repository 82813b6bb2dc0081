"""The styles: one TOML file each in `styles/`, validated when the service starts.

A file's name is the style's name, its keys are the fields of `Style`. A key that is missing, unknown or wrong is
refused with the file and the key's path, so another style is one more file and nothing else.
"""

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from servicekit.types import colours
from servicekit.types.rooms import RoomType

Color: TypeAlias = Annotated[str, msgspec.Meta(pattern=colours.PATTERN)]
"""`#RRGGBB`, sRGB."""
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Shift: TypeAlias = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]


class StyleError(ValueError):
    """A style cannot be used; the message names its file and the key."""


class Pattern(StrEnum):
    """How a material looks apart from its colours."""

    PLAIN = "plain"
    LIMEWASH = "limewash"
    CONCRETE = "concrete"
    BRICK = "brick"
    PANELS = "panels"
    WAINSCOT = "wainscot"
    """`second` up to `size` metres above the floor, a rail in the palette's trim, `color` above."""
    TILES = "tiles"
    BOARDS = "boards"
    HERRINGBONE = "herringbone"
    CARPET = "carpet"
    FABRIC = "fabric"
    LEATHER = "leather"


class Palette(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The style's colours by what they are for."""

    wall: Color
    ceiling: Color
    trim: Color
    """Skirting, frames, radiators."""
    floor: Color
    textile: Color
    accent: Color
    wood: Color
    metal: Color

    @property
    def colors(self) -> tuple[str, ...]:
        """All of them, in the order of the fields, without repetition."""
        return tuple(dict.fromkeys(getattr(self, role) for role in self.__struct_fields__))


class Finish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One material in one colouring."""

    name: Text
    """For prompts and manifests: `pale oak boards`."""

    pattern: Pattern

    color: Color
    """The mean colour in neutral light."""

    second: Color | None = None
    """Joints, mortar or grain; None derives it from `color`."""

    size: Annotated[float, msgspec.Meta(ge=0.02, le=3.0)] = 1.0
    """Width of a board, tile or panel in metres; of no meaning to patterns without a unit."""

    feature: bool = False
    """Of a wall's finish: for the largest wall alone; the others get plain paint in the palette's colour."""


Alternatives: TypeAlias = tuple[Finish, ...]
"""The seed picks one."""


class Materials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the surfaces of a room are made of; empty where it is not said."""

    wall: Alternatives = ()
    floor: Alternatives = ()
    upholstery: Alternatives = ()
    """Sofas, armchairs, cushioned seats."""
    bedding: Alternatives = ()
    """Bedspreads, blankets."""
    curtain: Alternatives = ()
    rug: Alternatives = ()
    cabinet: Alternatives = ()
    """Cabinets, wardrobes, tables, shelves."""

    def over(self, general: "Materials") -> "Materials":
        """These where they are said, the general ones elsewhere."""
        said = {kind: getattr(self, kind) for kind in self.__struct_fields__}
        return Materials(**{kind: chosen or getattr(general, kind) for kind, chosen in said.items()})


class Prompt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for engines that read them. The engine adds the style's name, the room, and what its model answers to."""

    positive: Text
    """What is to be seen."""
    negative: Text
    """What is not."""


class Light(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the picture as a whole is graded; 0 leaves it as it is."""

    exposure: Shift = 0.0
    """In stops."""
    contrast: Shift = 0.0
    warmth: Shift = 0.0
    """Below 0 is cooler."""
    saturation: Shift = 0.0


class Room(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a style does otherwise in one type of room."""

    prompt: Annotated[str, msgspec.Meta(max_length=600)] = ""
    """Added to the general prompt."""
    materials: Materials = Materials()
    """Each list, where there is one, replaces the general one."""


class Style(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A style that can be asked for."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    """The file's name; the word for requests."""

    title: Text
    """For people."""
    description: Text
    """One sentence for people."""
    prompt: Prompt
    palette: Palette
    materials: Materials
    light: Light
    rooms: Mapping[RoomType, Room] = msgspec.field(default_factory=dict)
    strength: Share
    """Where the caller names none."""
    guidance: Annotated[float, msgspec.Meta(ge=1.0, le=20.0)]
    """Classifier-free guidance scale, for engines that have one."""

    def materials_for(self, room: RoomType | None) -> Materials:
        """The materials in a room of that type."""
        own = self.rooms.get(room) if room is not None else None
        return own.materials.over(self.materials) if own is not None else self.materials


SUFFIX: Final = ".toml"


def read_styles(extra: Path | None = None) -> Mapping[str, Style]:
    """The package's styles and those of a directory, by name; an extra one replaces ours of the same name.

    Raises StyleError naming the file and the key, or the directory where it cannot be read.
    """
    styles = _read_all(files("diffusion").joinpath("styles").iterdir())
    if extra is not None:
        if not extra.is_dir():
            raise StyleError(f"{extra}: not a directory of styles")
        styles |= _read_all(extra.iterdir())
    return dict(sorted(styles.items()))


def parse_style(name: str, text: str) -> Style:
    """One style from the text of its file; raises StyleError naming the key."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StyleError(f"{name}{SUFFIX}: {error}") from error
    if "name" in table:
        raise StyleError(f"{name}{SUFFIX}: unknown key `name`; a style is named by its file")
    try:
        style = msgspec.convert({**table, "name": name}, Style)
    except msgspec.ValidationError as error:
        raise StyleError(f"{name}{SUFFIX}: {error}") from error
    for kind in Materials.__struct_fields__:
        if not getattr(style.materials, kind):
            raise StyleError(f"{name}{SUFFIX}: Expected at least one finish - at `$.materials.{kind}`")
    return style


def _read_all(entries: Iterable[Traversable]) -> dict[str, Style]:
    found = {}
    for entry in entries:
        if entry.name.endswith(SUFFIX):
            try:
                text = entry.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise StyleError(f"{entry.name}: cannot be read as UTF-8 text") from error
            name = entry.name.removesuffix(SUFFIX)
            found[name] = parse_style(name, text)
    return found
