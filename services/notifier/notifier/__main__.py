"""Runs the notifier."""

from notifier.app import serving
from notifier.settings import PREFIX, Settings
from servicekit import env, logs, metrics, process
from servicekit.server import until_stopped


async def main() -> None:
    """Serves until it is told to stop."""
    settings = env.read(Settings, prefix=PREFIX)
    logs.configure("notifier", level=settings.log_level, log_format=settings.log_format)
    metrics.serve(settings.metrics_port)
    async with serving(settings):
        await until_stopped()


if __name__ == "__main__":
    process.run(main)
