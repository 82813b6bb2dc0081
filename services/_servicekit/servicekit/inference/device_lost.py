"""A device that this process can use no more: what is loaded on it is gone, and only a new process gets it back."""

import os
import sys
from collections.abc import Callable
from typing import Final

from servicekit.observability import logs

log = logs.get(__name__)

EXIT_CODE: Final = 71
"""EX_OSERR of sysexits.h; whatever started the process starts it again."""


class DeviceLost(RuntimeError):  # noqa: N818 - the name says what has happened
    """CUDA has broken down for this process, as after an illegal memory access."""


def end_process(error: DeviceLost) -> None:
    """Ends this process at once: nothing that it could still do on the device would come to an end."""
    log.critical("the device is lost; ending the process", problem=str(error))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)


_handlers: list[Callable[[DeviceLost], None]] = []


def on_loss(handler: Callable[[DeviceLost], None]) -> None:
    """Has a handler called, in the thread of the event loop, in place of `end_process`: it has to end the process."""
    _handlers[:] = [handler]


def report(error: DeviceLost) -> None:
    """Tells whoever ends this process."""
    (_handlers[0] if _handlers else end_process)(error)
