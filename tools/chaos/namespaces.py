"""Programs in namespaces of their own, where they may mount what they like and harm nobody."""

import os
import shutil
import subprocess
import sys
from functools import cache


@cache
def own(*kinds: str) -> tuple[str, ...]:
    """The command that runs another one with its own `mount`, `net`, …; empty where that is not allowed."""
    tool = shutil.which("unshare")
    if tool is None or sys.platform != "linux":
        return ()
    user = () if os.getuid() == 0 else ("--user", "--map-root-user")
    command = (tool, *user, *(f"--{kind}" for kind in kinds))
    return () if subprocess.run([*command, "true"], capture_output=True, check=False).returncode else command
