"""The stages of a job's work: the worker times them and the cache keeps their results."""

from enum import StrEnum


class Stage(StrEnum):
    """The parts of a job that are timed."""

    LOAD = "load"
    ANALYZE = "analyze"
    DETECT = "detect"
    PREVIEW = "preview"
    TRANSFORM = "transform"
    ASSESS = "assess"
    STORE = "store"


def labels(stage: Stage) -> tuple[str, ...]:
    """What a stage is called in metrics and results: `analyze` also by the names of the two that it was before."""
    return (stage, "classify", "maps") if stage is Stage.ANALYZE else (stage,)
