"""What a submission needs of an engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.jobs.request import Preferences
from servicekit.types.modes import RoomMode
from servicekit.types.surfaces import SurfaceName


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an engine has to be able to do."""

    style: str
    mode: RoomMode = RoomMode.RESTYLE
    style_image: bool = False
    """Whether a picture whose look is wanted comes along."""
    corrections: bool = False
    """Whether somebody says what is where."""
    surfaces: Mapping[SurfaceName, str] = field(default_factory=dict)
    """What alone is to be repainted; none for everything."""

    @classmethod
    def of(cls, style: str, preferences: Preferences, *, style_image: bool) -> "Wanted":
        """What a submission's parts ask for."""
        return cls(
            style=style,
            mode=preferences.mode,
            style_image=style_image,
            corrections=bool(preferences.corrections),
            surfaces=preferences.surfaces,
        )
