"""Child processes that never outlive the stack."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from deploy.local import pdeathsig

STOP_SECONDS: Final = 25.0
"""How long a child may take to end before it is killed."""


class Child:
    """A process whose output goes to a file, or where the parent's goes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path | None) -> None:
        self.name = name
        self.process = process
        self.log = log

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], *, environment: Mapping[str, str], directory: Path, log: Path | None
    ) -> "Child":
        """Starts a process in a group of its own, so that Ctrl-C reaches the stack alone. Without a log it has ours."""
        with ExitStack() as files:
            output = None
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                output = files.enter_context(log.open("ab"))
            process = await asyncio.create_subprocess_exec(
                *_on_a_leash(command),
                env=dict(environment),
                cwd=directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )
        return cls(name, process, log)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.returncode is None

    def last_lines(self, count: int = 12) -> str:
        """The end of its log; empty where it has none of its own."""
        if self.log is None:
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

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


def _on_a_leash(command: Sequence[str]) -> Sequence[str]:
    """On Linux, the command ends with us, also when we are killed without a chance to end it."""
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", pdeathsig.__file__, str(os.getpid()), *command)
