"""What the page for people has to know of the gateway that serves it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """Shown to everybody, as `/page/settings.json`."""

    long_side: int
    """Photos are kept with at most so many pixels on their long side, so a browser need not send more."""
    max_file_bytes: int
    min_side: int
    """Least number of pixels on a photo's short side."""
    retention_seconds: float
    """Jobs and their pictures are kept this long."""
    needs_key: bool

    def shown(self) -> dict[str, int | float | bool]:
        """As JSON takes it."""
        return asdict(self)
