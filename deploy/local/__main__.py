"""`make run`: the whole system in front, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from rich.console import Console
from rich.markup import escape

from deploy.local.errors import StackError
from deploy.local.layout import Layout, engines_of
from deploy.local.options import layout_from
from deploy.local.stack import Stack, running


async def serve(console: Console, layout_of: Callable[[], Layout]) -> NoReturn:
    """Runs until it is cancelled; raises StackError where it cannot go on."""
    started = time.monotonic()
    layout = layout_of()

    def say(line: str) -> None:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)

    progress = console.status("starting")
    progress.start()
    try:
        async with running(layout, lambda text: progress.update(escape(text[:100])), say=say) as stack:
            progress.stop()
            _welcome(console, stack, seconds=time.monotonic() - started)
            await stack.supervise()
    finally:
        progress.stop()


def _welcome(console: Console, stack: Stack, *, seconds: float) -> None:
    layout = stack.layout
    console.print(f"[bold green]Modomo is ready[/] after {seconds:.1f} s, engine [bold]{_engines(layout)}[/]")
    console.print(f"  try it       {layout.url}/")
    console.print(f"  HTTP API     {layout.url}/docs")
    console.print(f"  gRPC         127.0.0.1:{layout.grpc_port} (modomo.transform.v1)")
    console.print(f"  data, logs   {layout.data}", soft_wrap=True)
    if layout.hint:
        console.print(f"  better       {layout.hint}", markup=False, highlight=False, soft_wrap=True)
    console.print("Ctrl-C stops everything.")


def _engines(layout: Layout) -> str:
    """The engine of all services, and those of services that have another."""
    each = engines_of(layout.engine, {**os.environ, **layout.overrides})
    others = [f"{service} {engine}" for service, engine in each.items() if engine != layout.engine]
    return ", ".join([layout.engine, *others])


async def _until_terminal_gone() -> None:
    """Returns when the terminal that we had is gone. Of `ssh -t HOST make run` make alone hears SIGHUP."""
    if sys.stdout.isatty():
        while os.isatty(sys.stdout.fileno()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(1.0)
    else:
        await asyncio.Event().wait()


async def main(layout_of: Callable[[], Layout] = layout_from) -> int:
    """Turns signals into an orderly end and problems into one readable message."""
    console = Console()
    task = asyncio.ensure_future(serve(console, layout_of))

    def stop() -> None:
        if not task.cancelling():  # a second Ctrl-C must not interrupt the orderly end
            task.cancel()

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it goes on without a terminal
        signals.append(signal.SIGHUP)
        watching = asyncio.ensure_future(_until_terminal_gone())
        watching.add_done_callback(lambda _: stop())
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    status, message = 0, "Modomo has stopped."
    try:
        await task
    except asyncio.CancelledError:
        pass
    except (StackError, OSError) as error:
        status, message = 1, f"[red]Modomo cannot run:[/]\n{escape(str(error))}"
    with suppress(OSError):  # the terminal may have gone
        console.print(message, highlight=False, soft_wrap=True)
    return status


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
