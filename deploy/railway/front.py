"""The gateway's api, worker and maker of first looks and the notifier in one process, on one event loop.

Each of them is mostly the libraries that it shares with the others, and waits most of the time. They talk to each
other over gRPC on loopback, as they do elsewhere.
"""

import asyncio

from gateway.api.main import running
from gateway.api.settings import PREFIX, ApiSettings
from gateway.worker import settings as worker_settings
from gateway.worker.first_look import settings as first_look_settings
from gateway.worker.first_look.main import work as make_first_looks
from gateway.worker.main import work
from notifier import settings as notifier_settings
from notifier.app import serving
from servicekit import process
from servicekit.config import env
from servicekit.rpc.server import until_stopped


async def main() -> None:
    """Serves and works until it is told to stop; takes nothing more then, and drains api and worker together."""
    settings = env.read(ApiSettings, prefix=PREFIX)
    process.begin("gateway", settings)
    worker_options = env.read(worker_settings.WorkerSettings, prefix=worker_settings.PREFIX)
    first_look_options = env.read(first_look_settings.FirstLookSettings, prefix=first_look_settings.PREFIX)
    told = asyncio.create_task(until_stopped(), name="until stopped")
    draining = asyncio.Event()
    async with serving(env.read(notifier_settings.Settings, prefix=notifier_settings.PREFIX)):
        async with running(settings):
            working = [
                asyncio.create_task(work(worker_options, draining.wait), name="worker"),
                asyncio.create_task(make_first_looks(first_look_options, draining.wait), name="first looks"),
            ]
            await asyncio.wait([*working, told], return_when=asyncio.FIRST_COMPLETED)
            draining.set()
        await asyncio.gather(*working)
    if not told.done():
        raise RuntimeError("the worker or the maker of first looks ended by itself")


if __name__ == "__main__":
    process.run(main)
