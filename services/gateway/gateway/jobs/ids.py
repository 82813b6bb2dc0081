"""Ids of jobs: UUIDs, made by the server."""

import uuid

from servicekit.errors import NotFound


def new() -> str:
    """An id that no job has."""
    return str(uuid.uuid4())


def validate(text: str) -> str:
    """An id from outside in its canonical form; raises NotFound for what no job's id can be."""
    try:
        canonical = str(uuid.UUID(text))
    except ValueError:
        canonical = ""
    if not canonical or canonical != text.lower():
        raise NotFound("UNKNOWN_JOB", "There is no such job, or it has expired.")
    return canonical
