"""Runs a command that the kernel ends when the process that started it is gone: `python pdeathsig.py PID COMMAND…`.

A program of its own, since what runs between fork and exec of a process with threads must not be Python. Linux only.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""Of linux/prctl.h; see prctl(2). It holds across exec."""


def main(parent: int, command: list[str]) -> None:
    """Never returns; PID is that of the parent, which may have ended already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - the command is the caller's


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
