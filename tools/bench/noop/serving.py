"""Runs one servicer as the real services are run."""

from servicekit.config import env
from servicekit.observability import logs, tracing
from servicekit.observability.tracing import TracingSettings
from servicekit.rpc.server import Registration, ServerOptions, running, until_stopped


async def serve(address: str, name: str, register: Registration) -> None:
    """Serves until it is told to stop."""
    logs.configure("noop", level="WARNING")
    tracing.start(name.rpartition(".")[2], env.read(TracingSettings, prefix=env.PREFIX))
    async with running(ServerOptions(address=address), [(name, register)]) as server:
        await server.set_serving(True)
        await until_stopped()
