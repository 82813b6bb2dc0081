"""Views into rooms, with all that is true of every pixel."""

from dataclasses import dataclass, fields, replace

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Views:
    """N pictures of one size; every map is N×channels×H×W on one device."""

    image: Tensor
    """3 channels, sRGB 0–1."""

    albedo: Tensor
    """3 channels, reflectance 0–1."""

    shading: Tensor
    """1 channel, light."""

    depth: Tensor
    """1 channel, metres; 0 where unknown."""

    groups: Tensor
    """1 channel, whole numbers; IGNORED where unknown."""

    surface: Tensor
    """1 channel, whole numbers 0–255."""

    room: Tensor
    """N, whole numbers."""

    def where(self, mask: Tensor, other: "Views") -> "Views":
        """These pixels where the N×1×H×W mask is true, the other's elsewhere; room types are the other's."""
        maps = {
            field.name: getattr(self, field.name).where(mask, getattr(other, field.name))
            for field in fields(self)
            if field.name != "room"
        }
        return Views(**maps, room=other.room)

    def rolled(self) -> "Views":
        """Every picture in its neighbour's place, with numbers of surfaces that seldom meet the neighbour's."""
        maps = {field.name: getattr(self, field.name).roll(1, dims=0) for field in fields(self)}
        return Views(**{**maps, "surface": (maps["surface"] + 128) % 256})

    def known(self, groups: Tensor, depth: Tensor) -> "Views":
        """The same, with other truth."""
        return replace(self, groups=groups, depth=depth)

    def shown(self, image: Tensor) -> "Views":
        """The same, looking otherwise."""
        return replace(self, image=image)
