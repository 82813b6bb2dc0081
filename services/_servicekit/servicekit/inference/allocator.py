"""The C library's allocator, set up for threads that work on large arrays in turn."""

import ctypes
import os
import sys
from typing import Final

ARENAS: Final = 2
"""Pools of memory that all threads share; glibc would give each its own, up to eight a core."""
_M_ARENA_MAX: Final = -8
"""Of glibc's malloc.h; see mallopt(3)."""


def share_arenas() -> bool:
    """Lets threads reuse what other threads have freed; call it before there are threads. True where it took effect.

    An array that one thread has freed stays in that thread's arena: each of a process's few working threads would come
    to hold what the largest photo took. Nothing changes outside of glibc, or where MALLOC_ARENA_MAX is set.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and mallopt(_M_ARENA_MAX, ARENAS) == 1
