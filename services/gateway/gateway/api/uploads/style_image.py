"""A picture whose look is wanted: held to the same rules as the photo of the room, and blamed by its own name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.api.uploads.header import FIELD as PHOTO
from servicekit.errors import InvalidArgument

FIELD: Final = "style_image"


@contextmanager
def blamed() -> Iterator[None]:
    """Errors that name the photo name this picture instead."""
    try:
        yield
    except InvalidArgument as error:
        if error.metadata.get("field") != PHOTO:
            raise
        raise InvalidArgument(error.reason, f"{FIELD}: {error.message}", field=FIELD) from error
