"""The gateway's api and worker and the notifier in one process, on one event loop.

Each of them is mostly the libraries that it shares with the others, and waits most of the time. They talk to each
other over gRPC on loopback, as they do elsewhere.
"""

import asyncio

from gateway import worker_settings
from gateway.api import running
from gateway.settings import PREFIX, ApiSettings
from gateway.worker import work
from gateway.worker_settings import WorkerSettings
from notifier import settings as notifier_settings
from notifier.app import serving
from servicekit import env, process
from servicekit.server import until_stopped


async def main() -> None:
    """Serves and works until it is told to stop; takes nothing more then, and drains api and worker together."""
    settings = env.read(ApiSettings, prefix=PREFIX)
    process.begin("gateway", settings)
    working_by = env.read(WorkerSettings, prefix=worker_settings.PREFIX)
    told = asyncio.create_task(until_stopped(), name="until stopped")
    draining = asyncio.Event()
    async with serving(env.read(notifier_settings.Settings, prefix=notifier_settings.PREFIX)):
        async with running(settings):
            working = asyncio.create_task(work(working_by, draining.wait), name="worker")
            await asyncio.wait([working, told], return_when=asyncio.FIRST_COMPLETED)
            draining.set()
        await working
    if not told.done():
        raise RuntimeError("the worker ended by itself")


if __name__ == "__main__":
    process.run(main)
