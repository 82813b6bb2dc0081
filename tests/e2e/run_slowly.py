"""`make run` with the slow diffusion service: `python -m tests.e2e.run_slowly PORT DIRECTORY`."""

import asyncio
import sys
from pathlib import Path

from deploy.local.__main__ import main
from deploy.local.options import on_port

SLOW = {"diffusion": "tests.e2e.slow_diffusion"}
LEASES = {"MODOMO_JOBLOG_IDLE_SECONDS": "3"}  # half as long as usual: whoever takes over waits less

if __name__ == "__main__":
    layout = on_port(int(sys.argv[1]), data=Path(sys.argv[2]), modules=SLOW, overrides=LEASES)
    sys.exit(asyncio.run(main(lambda: layout)))
