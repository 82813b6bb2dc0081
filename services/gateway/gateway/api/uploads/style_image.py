"""A picture whose look is wanted: held to the same rules as the photo of the room, and blamed by its own name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.api.uploads.header import FIELD as PHOTO
from servicekit.errors import InvalidArgument

FIELD: Final = "style_image"


def check_size(photo: bytes, image: bytes, *, max_bytes: int) -> None:
    """Photo and style image have the room of one photo together; raises InvalidArgument."""
    if image and len(photo) + len(image) > max_bytes:
        message = f"The photo and {FIELD} have more than {max_bytes // 2**20} MB together."
        raise InvalidArgument("UPLOAD_TOO_LARGE", message, field=FIELD)


@contextmanager
def blamed() -> Iterator[None]:
    """Errors that name the photo name this picture instead."""
    try:
        yield
    except InvalidArgument as error:
        if error.metadata.get("field") != PHOTO:
            raise
        raise InvalidArgument(error.reason, f"{FIELD}: {error.message}", field=FIELD) from error
