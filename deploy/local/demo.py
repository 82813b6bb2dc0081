"""`make demo`: sends a room through every style and writes the pictures, each and all on one sheet."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.local.errors import StackError
from deploy.local.options import layout_from
from deploy.local.stack import ROOT, running
from modomo.client import AsyncModomo, ModomoError
from modomo.client.types import Result

SAMPLE_ROOM: Final = ROOT / "tests" / "data" / "sample_room" / "photo.jpg"
COLUMNS: Final = (TextColumn("{task.fields[style]:>14}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
TILE: Final = (604, 453)
"""Width and height of a picture on the sheet."""
ACROSS: Final = 3
GAP: Final = 4


@asynccontextmanager
async def gateway(console: Console) -> AsyncIterator[AsyncModomo]:
    """A client of the stack that runs on PORT, or of one started for the length of the block."""
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    async with AsyncModomo(url, key="", retry_seconds=0) as client:
        try:
            await client.styles()
            ready = True
        except ModomoError:
            ready = False
        if ready:
            console.print(f"Using the stack at {url}")
            yield client
            return
        console.print("Starting a stack for the demo")
        async with running(layout_from()):
            yield client


async def restyle(client: AsyncModomo, room: Path, style: str, bars: Progress, bar: TaskID) -> Result:
    """Restyles one photo, shows how it goes and returns the result."""
    job = await client.restyle(
        room, style=style, on_progress=lambda event: bars.update(bar, completed=event["progress"])
    )
    return job.result


def sheet(pictures: Sequence[bytes]) -> Image.Image:
    """The pictures in rows of ACROSS, cropped to TILE."""
    rows = -(-len(pictures) // ACROSS)
    whole = Image.new("RGB", (ACROSS * (TILE[0] + GAP) - GAP, rows * (TILE[1] + GAP) - GAP), "white")
    for number, picture in enumerate(pictures):
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(picture))).convert("RGB")
        tile = ImageOps.fit(upright, TILE, Image.Resampling.LANCZOS)
        whole.paste(tile, (number % ACROSS * (TILE[0] + GAP), number // ACROSS * (TILE[1] + GAP)))
    return whole


async def demo(console: Console, room: Path, output: Path) -> None:
    """Restyles a room in every style.

    Writes `<style>.jpg`, `<style>-before-after.jpg`, and `all.jpg` with the room first.
    """
    photo = room.read_bytes()
    pictures = [photo]
    output.mkdir(parents=True, exist_ok=True)
    async with gateway(console) as client:
        styles = [style["name"] for style in await client.styles()]
        with Progress(*COLUMNS, console=console) as bars:
            tasks = {style: bars.add_task("", total=1.0, style=style) for style in styles}
            for style, bar in tasks.items():
                result = await restyle(client, room, style, bars, bar)
                await client.save(result["transformed_url"], output / f"{style}.jpg")
                await client.save(result["before_after_url"], output / f"{style}-before-after.jpg")
                pictures.append((output / f"{style}.jpg").read_bytes())
    sheet(pictures).save(output / "all.jpg", quality=88, subsampling=0)
    console.print(f"Before and after of {room.name} in {len(styles)} styles: [bold]{output}[/]", soft_wrap=True)


def main() -> int:
    """Takes another photo as the first argument; returns the exit status."""
    console = Console()
    room = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_ROOM
    try:
        asyncio.run(demo(console, room, Path("demo").resolve()))
    except (ModomoError, StackError, OSError) as error:
        console.print(f"[red]The demo cannot run:[/]\n{escape(str(error))}", highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
