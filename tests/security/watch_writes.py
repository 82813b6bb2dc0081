"""Loaded by every Python process of a test as its `sitecustomize`: notes each path that the process opens for writing.

It hears what Python itself does (an audit hook), whatever library asks for it.
"""

import os
import sys

_LOG = os.open(os.environ["WRITES_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.mkfifo"}


def _note(path: object) -> None:
    if isinstance(path, bytes | str | os.PathLike):
        os.write(_LOG, os.path.abspath(os.fsdecode(path)).encode(errors="surrogateescape") + b"\n")  # noqa: PTH100 - runs in every process, which may not load pathlib yet


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        _note(arguments[0])
    elif event in _CHANGING:
        _note(arguments[1] if event in ("os.rename", "os.link", "os.symlink") else arguments[0])


sys.addaudithook(_hear)
