"""Child processes that never outlive the stack."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from deploy.local import pdeathsig

STOP_SECONDS: Final = 25.0
"""How long a child may take to end before it is killed."""


class Child:
    """A process whose output goes to a file, or where the parent's goes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path | None, *, log_start: int) -> None:
        """The log holds what other lives of the process wrote, up to `log_start` bytes."""
        self.name = name
        self.process = process
        self.log = log
        self._log_start = log_start
        self.started = time.monotonic()

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], *, environment: Mapping[str, str], directory: Path, log: Path | None
    ) -> "Child":
        """Starts a process in a group of its own, so that Ctrl-C reaches the stack alone. Without a log it has ours."""
        with ExitStack() as files:
            output, log_start = None, 0
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                output = files.enter_context(log.open("ab"))
                log_start = output.tell()
            process = await asyncio.create_subprocess_exec(
                *_with_pdeathsig(command),
                env=dict(environment),
                cwd=directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )
        return cls(name, process, log, log_start=log_start)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.returncode is None

    @property
    def ending(self) -> str:
        """How it ended, as the rest of a sentence."""
        status = self.process.returncode or 0
        return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"

    def last_lines(self, count: int = 12) -> str:
        """The end of what it has written."""
        return "\n".join(self.said().splitlines()[-count:])

    def said(self) -> str:
        """What it has written to its log; empty where it has none of its own."""
        return self.log.read_bytes()[self._log_start :].decode(errors="replace") if self.log else ""

    async def stop(self) -> None:
        """Asks it to end, and ends it where it does not."""
        if not self.running:
            return
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def _with_pdeathsig(command: Sequence[str]) -> Sequence[str]:
    """On Linux, the command ends with us, also when we are killed without a chance to end it."""
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", pdeathsig.__file__, str(os.getpid()), *command)
