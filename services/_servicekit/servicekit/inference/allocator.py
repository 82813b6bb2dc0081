"""Sets the C library's allocator up for threads that take turns with large arrays."""

import ctypes
import gc
import os
import sys
from typing import Final

ARENAS: Final = 2
"""Memory pools that all threads share; by default glibc makes one a thread, up to eight a core."""
LARGE: Final = 16 * 2**20
"""Blocks from here on come from the system and go back to it at once; of smaller ones so much is kept for the next job.

By itself glibc gives a picture of 3 MB back with every job, and the system clears its pages anew for the next one.
"""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of glibc's malloc.h; see mallopt(3)."""


def share_arenas() -> bool:
    """Lets threads reuse what other threads have freed; call it before there are threads. True where it took effect.

    Memory that a thread frees stays in that thread's arena: each worker thread would come to hold as much as the
    largest photo needed. Nothing changes outside of glibc, or where MALLOC_ARENA_MAX is set.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    mallopt(_M_MMAP_THRESHOLD, LARGE)
    mallopt(_M_TRIM_THRESHOLD, LARGE)
    return bool(mallopt(_M_ARENA_MAX, ARENAS) == 1)


def give_back() -> bool:
    """Returns to the system what is free here, as after imports and set-up; True where the C library did.

    glibc keeps what was freed below anything that is still in use: some 12 MB after redis-py alone was imported.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # musl has none
    return trim is not None and trim(0) == 1
