"""What all steps on one photo cost in memory, measured in a process of its own: `python -m tools.eval_rooms.memory`."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np

from servicekit.inference import allocator
from tests.fixtures.rooms import draw_room
from tools.eval_rooms.engines import Engines


def beyond_bare() -> float:
    """Megabytes at the peak beyond the process with everything imported; NaN where they cannot be measured."""
    command = [sys.executable, "-m", "tools.eval_rooms.memory"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return float(done.stdout) if done.returncode == 0 else float("nan")


def _peak() -> float:
    """Megabytes; from the kernel, since `ru_maxrss` begins with what the parent held. Only Linux tells it."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


async def _main() -> None:
    bare = _peak()
    photo = draw_room(1024, 768).photo
    async with Engines() as engines:
        seen = await engines.look(photo)
        for style in engines.styles:
            await engines.restyle(np.ascontiguousarray(photo), seen, style)
        await engines.time(draw_room(768, 1024).photo, next(iter(engines.styles)))
    print(f"{_peak() - bare:.1f}")


if __name__ == "__main__":
    allocator.share_arenas()  # as services do
    asyncio.run(_main())
