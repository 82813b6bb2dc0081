"""Runs the notifier."""

from notifier.app import serving
from notifier.settings import PREFIX, Settings
from servicekit import process
from servicekit.config import env
from servicekit.rpc.server import until_stopped


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    process.begin("notifier", settings)
    async with serving(settings):
        await until_stopped()


if __name__ == "__main__":
    process.run(main)
