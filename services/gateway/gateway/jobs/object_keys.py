"""Where the objects of a job lie in the store. Only ids that the server made go into a key."""

from typing import Final

PREFIX: Final = "jobs/"


def folder(job_id: str) -> str:
    """Prefix of every object of a job."""
    return f"{PREFIX}{job_id}/"


def original(job_id: str) -> str:
    """The photo as uploaded, optimised."""
    return f"{folder(job_id)}original.jpg"


def style_image(job_id: str) -> str:
    """The picture whose look is wanted, as uploaded, optimised."""
    return f"{folder(job_id)}style-image.jpg"


def transformed(job_id: str, variant: int) -> str:
    """A restyled photo; variants count from 0."""
    return f"{folder(job_id)}transformed-{variant}.jpg"


def thumbnail(job_id: str) -> str:
    """A small version of the first restyled photo."""
    return f"{folder(job_id)}thumbnail.jpg"


def before_after(job_id: str) -> str:
    """Original and first restyled photo side by side."""
    return f"{folder(job_id)}before-after.jpg"


def first_look(job_id: str) -> str:
    """What the result may come to, made at once."""
    return f"{folder(job_id)}first-look.jpg"


def preview(job_id: str, number: int) -> str:
    """A look at the unfinished result; previews count from 1."""
    return f"{folder(job_id)}preview-{number}.jpg"


def control_map(job_id: str, kind: str) -> str:
    """A control map of the photo."""
    return f"{folder(job_id)}{kind}.png"
