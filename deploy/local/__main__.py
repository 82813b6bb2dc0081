"""`make run`: the whole system in front, until Ctrl-C."""

import asyncio
import signal
import sys
import time

from rich.console import Console

from deploy.local.options import layout_from
from deploy.local.stack import Stack, StackError, running


async def serve(console: Console) -> int:
    """Runs until told to stop, or until a part ends by itself; returns the exit status."""
    started = time.monotonic()
    layout = layout_from()
    progress = console.status("starting")
    progress.start()
    try:
        async with running(layout, lambda text: progress.update(text.splitlines()[0][:100])) as stack:
            progress.stop()
            _welcome(console, stack, seconds=time.monotonic() - started)
            ended = await stack.until_ended()
            console.print(f"[red]{ended.name} ended by itself:[/]\n{ended.last_lines()}", highlight=False)
            return 1
    finally:
        progress.stop()


def _welcome(console: Console, stack: Stack, *, seconds: float) -> None:
    layout = stack.layout
    console.print(f"[bold green]Modomo is ready[/] after {seconds:.1f} s, engine [bold]{layout.engine}[/]")
    console.print(f"  try it       {layout.url}/")
    console.print(f"  HTTP API     {layout.url}/docs")
    console.print(f"  gRPC         127.0.0.1:{layout.grpc_port} (modomo.transform.v1)")
    console.print(f"  data, logs   {layout.data}", soft_wrap=True)
    console.print("Ctrl-C stops everything.")


async def main() -> int:
    """Turns signals into an orderly end and problems into one readable message."""
    console = Console()
    task = asyncio.ensure_future(serve(console))

    def stop() -> None:
        if not task.cancelling():  # a second Ctrl-C must not interrupt the orderly end
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        console.print("Modomo has stopped.")
        return 0
    except StackError as error:
        console.print(f"[red]Modomo cannot run:[/] {error}", highlight=False)
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
