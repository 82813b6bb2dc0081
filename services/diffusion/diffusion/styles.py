"""The styles: one TOML file each in `styles/`, validated when the service starts."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Style:
    """A style that can be asked for."""

    name: str
    title: str
    description: str
    palette: tuple[str, ...]
