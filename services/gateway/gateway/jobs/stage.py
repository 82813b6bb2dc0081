"""The stages of a job's work: the worker times them and the cache keeps their results."""

from enum import StrEnum


class Stage(StrEnum):
    """A part of the work, as metrics, results and cache keys name it."""

    LOAD = "load"
    CLASSIFY = "classify"
    DETECT = "detect"
    MAPS = "maps"
    PREVIEW = "preview"
    TRANSFORM = "transform"
    ASSESS = "assess"
    STORE = "store"
