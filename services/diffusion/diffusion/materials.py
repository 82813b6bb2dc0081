"""What single surfaces can be made of: `materials.toml`, read when the service starts, and a thumbnail of each."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Final

import msgspec

from diffusion.styles import Finish, Text
from servicekit.types.surfaces import SurfaceName

FILE: Final = "materials.toml"
THUMBNAILS: Final = "material_thumbnails"
"""Folder of NAME.webp."""
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says of a material."""

    title: Text
    surfaces: Annotated[tuple[SurfaceName, ...], msgspec.Meta(min_length=1)]
    finish: Finish


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """A material that a surface can be made of."""

    name: str
    """The word for requests."""
    title: str
    """For people."""
    surfaces: tuple[SurfaceName, ...]
    """Those that it suits."""
    finish: Finish
    thumbnail: bytes
    """A look at it from the front: a small square WebP."""


@cache
def read_materials() -> Mapping[str, Material]:
    """All materials by name, in the order of the file; raises msgspec.ValidationError, FileNotFoundError."""
    folder = files("diffusion")
    return {
        name: Material(
            name=name,
            title=entry.title,
            surfaces=entry.surfaces,
            finish=entry.finish,
            thumbnail=folder.joinpath(THUMBNAILS, f"{name}.webp").read_bytes(),
        )
        for name, entry in entries().items()
    }


def entries() -> Mapping[str, Entry]:
    """What the file says; raises msgspec.ValidationError naming the key."""
    table = tomllib.loads(files("diffusion").joinpath(FILE).read_text(encoding="utf-8"))
    return msgspec.convert(table, dict[Name, Entry])
