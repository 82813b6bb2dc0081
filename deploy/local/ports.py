"""Ports of this machine for processes that are about to be started: what the local stack and the tests listen on.

A port that the kernel picks is free for a moment only, since it lies where outgoing connections get theirs, too. These
lie below, and whoever asks here gets none that another process got here and may still use.
"""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

CHOICE: Final = range(16_000, 32_000)
"""Below the ports of outgoing connections on Linux (32768) and macOS (49152)."""


def free(count: int) -> list[int]:
    """Ports that nobody listens on, all different, kept for this process while it lives; raises OSError without any."""
    found = list(islice((port for port in _untried() if _kept(port) and is_free(port)), count))
    if len(found) < count:
        raise OSError("no port is free")
    return found


def is_free(port: int) -> bool:
    """Whether a server could listen on this port."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@cache
def _untried() -> Iterator[int]:
    return iter(random.sample(CHOICE, len(CHOICE)))  # in no order, so that those who ask together seldom meet


def _kept(port: int) -> bool:
    """Locks the port's byte of a file, unless another process has; the kernel unlocks it when this one ends."""
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@cache
def _locks() -> int:
    path = Path(tempfile.gettempdir()) / f"modomo-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
