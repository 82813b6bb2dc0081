"""The sample room: rendered by us, with true depth and labels beside it."""

from pathlib import Path

DIRECTORY = Path(__file__).parent / "data" / "sample_room"


def sample_room() -> bytes:
    """The photo as a JPEG."""
    return (DIRECTORY / "photo.jpg").read_bytes()
