"""`make demo`: sends a room through every style and writes the pictures, each and all on one sheet."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from PIL import Image, ImageOps
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.local.errors import StackError
from deploy.local.options import layout_from
from deploy.local.stack import ROOT, running

SAMPLE_ROOM: Final = ROOT / "tests" / "data" / "sample_room" / "photo.jpg"
COLUMNS: Final = (TextColumn("{task.fields[style]:>14}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
TILE: Final = (604, 453)
"""Width and height of a picture on the sheet."""
ACROSS: Final = 3
GAP: Final = 4


class DemoError(Exception):
    """The demo cannot go on; the message is for the person who started it."""


@asynccontextmanager
async def gateway(console: Console) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the stack that runs on PORT, or of one started for the length of the block."""
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as client:
        try:
            ready = (await client.get("/health/ready")).is_success
        except httpx.TransportError:
            ready = False
        if ready:
            console.print(f"Using the stack at {url}")
            yield client
            return
        console.print("Starting a stack for the demo")
        async with running(layout_from()):
            yield client


async def restyle(client: httpx.AsyncClient, photo: bytes, style: str, bars: Progress, bar: TaskID) -> dict[str, Any]:
    """Submits one job, follows its events and returns its result."""
    answer = await client.post("/transform/submit", files={"file": ("room.jpg", photo)}, data={"style": style})
    if answer.status_code != httpx.codes.ACCEPTED:
        raise DemoError(f"{style}: {answer.json()['detail']}")
    job = answer.json()["job_id"]
    async with client.stream("GET", f"/transform/events/{job}", timeout=None) as events:
        async for line in events.aiter_lines():
            if line.startswith("data:"):
                event: dict[str, Any] = json.loads(line.removeprefix("data:"))
                bars.update(bar, completed=event["progress"])
                if event["status"] == "completed":
                    result: dict[str, Any] = event["result"]
                    return result
                if event["status"] in ("failed", "cancelled"):
                    raise DemoError(f"{style}: {event['message']}")
    raise DemoError(f"{style}: the events ended without an ending")


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
        styles = [style["name"] for style in (await client.get("/styles")).json()["styles"]]
        with Progress(*COLUMNS, console=console) as bars:
            tasks = {style: bars.add_task("", total=1.0, style=style) for style in styles}
            for style, bar in tasks.items():
                result = await restyle(client, photo, style, bars, bar)
                for name, key in ((style, "transformed_url"), (f"{style}-before-after", "before_after_url")):
                    picture = await client.get(result[key])
                    picture.raise_for_status()
                    (output / f"{name}.jpg").write_bytes(picture.content)
                    if name == style:
                        pictures.append(picture.content)
    sheet(pictures).save(output / "all.jpg", quality=88, subsampling=0)
    console.print(f"Before and after of {room.name} in {len(styles)} styles: [bold]{output}[/]", soft_wrap=True)


def main() -> int:
    """Takes another photo as the first argument; returns the exit status."""
    console = Console()
    room = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_ROOM
    try:
        asyncio.run(demo(console, room, Path("demo").resolve()))
    except (DemoError, StackError, OSError) as error:
        console.print(f"[red]The demo cannot run:[/]\n{escape(str(error))}", highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
