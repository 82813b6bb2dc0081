"""Runs one servicer as the real services are run."""

from servicekit import logs
from servicekit.server import Registration, ServerOptions, running, until_stopped


async def serve(address: str, name: str, register: Registration) -> None:
    """Serves until it is told to stop."""
    logs.configure("noop", level="WARNING")
    async with running(ServerOptions(address=address), [(name, register)]) as server:
        await server.set_serving(True)
        await until_stopped()
