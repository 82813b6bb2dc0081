"""`modomo`: restyles photos from a command line.

    modomo restyle room.jpg --style boho --out boho.jpg
    modomo restyle room.jpg --style boho --surface wall=#A3B18A --surface floor=oak-herringbone
    modomo styles
    modomo materials
    modomo analyze room.jpg
    modomo watch JOB
    modomo jobs --status completed
    modomo cancel JOB

MODOMO_URL says where the service is, MODOMO_API_KEY who calls.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from modomo.client.errors import ModomoError
from modomo.client.exchange import FinishedJob
from modomo.client.synchronous import Modomo
from modomo.client.types import Correction, EventMessage, Preferences, Surfaces

_SURFACE = "repaint only this: wall=#A3B18A, floor=oak-herringbone, … (see `modomo materials`); may be repeated"
_CORRECT = "say what is where: 0.41,0.72,wall (or floor, ceiling, leave), in shares of both sides; may be repeated"
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, 1 where the service says no, 130 where somebody stops it."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        with Modomo(options.url, key=options.key) as client:
            _COMMANDS[options.command](client, options, console)
    except ModomoError as error:
        console.print(f"[red]{escape(error.code or type(error).__name__)}[/] {escape(str(error))}", soft_wrap=True)
        for problem in error.problems[1:]:
            console.print(f"  {escape(problem['detail'])}", soft_wrap=True)
        return 1
    except (OSError, ValueError) as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _restyle(client: Modomo, options: argparse.Namespace, console: Console) -> None:
    preferences: Preferences = {"keep_furniture": options.keep_furniture, "variants": options.variants}
    for name in ("seed", "strength", "room_type"):
        if getattr(options, name) is not None:
            preferences[name] = getattr(options, name)
    if options.palette:
        preferences["color_palette"] = options.palette
    if options.surface:
        preferences["surfaces"] = _surfaces(options.surface)
    if options.correct:
        preferences["corrections"] = [_correction(place) for place in options.correct]
    look = options.style_image
    job_id = client.submit(options.photo, style=options.style, style_image=look, preferences=preferences)["job_id"]
    try:
        job = _followed(client, job_id, console)
    except KeyboardInterrupt:
        client.cancel(job_id)
        console.print(f"The job {job_id} was cancelled.")
        raise
    out = Path(options.out or f"{options.style}.jpg")
    urls = job.result["transformed_urls"]
    paths = [out, *(out.with_stem(f"{out.stem}-{number}") for number in range(2, len(urls) + 1))]
    for url, path in zip(urls, paths, strict=True):
        client.save(url, path)
        print(path)
    if options.before_after:
        path = out.with_stem(f"{out.stem}-before-after")
        client.save(job.result["before_after_url"], path)
        print(path)


def _surfaces(pairs: Sequence[str]) -> Surfaces:
    """Of `wall=#A3B18A`; raises ValueError. What there is of surfaces, the service knows."""
    named = {}
    for pair in pairs:
        name, equals, paint = pair.partition("=")
        if not (name and equals and paint):
            raise ValueError(f"--surface takes SURFACE=PAINT, and no {pair!r}")
        named[name] = paint
    return cast(Surfaces, named)


def _correction(place: str) -> Correction:
    """Of `0.41,0.72,wall`; raises ValueError."""
    try:
        x, y, label = place.split(",")
        return cast(Correction, {"x": float(x), "y": float(y), "label": label})
    except ValueError as error:
        raise ValueError(f"--correct takes X,Y,LABEL, and no {place!r}") from error


def _materials(client: Modomo, _options: argparse.Namespace, _console: Console) -> None:
    table = Table("name", "", "for", "colour", box=None)
    for material in client.materials():
        for_what = ", ".join(material["surfaces"])
        table.add_row(material["name"], escape(material["title"]), for_what, f"[on {material['color']}]  [/]")
    Console().print(table)


def _watch(client: Modomo, options: argparse.Namespace, console: Console) -> None:
    job = _followed(client, options.job, console)
    print(job.result["transformed_url"])


def _followed(client: Modomo, job_id: str, console: Console) -> FinishedJob:
    with Progress(*_COLUMNS, console=console) as bars:
        bar = bars.add_task(job_id[:8], total=1.0)

        def show(event: EventMessage) -> None:
            bars.update(bar, completed=event["progress"], description=escape(event["message"]))

        return client.wait(job_id, on_progress=show)


def _styles(client: Modomo, _options: argparse.Namespace, _console: Console) -> None:
    table = Table("name", "", "colours", box=None)
    for style in client.styles():
        swatches = "".join(f"[on {color}]  [/]" for color in style["palette"])
        table.add_row(style["name"], escape(style["description"]), swatches)
    Console().print(table)


def _analyze(client: Modomo, options: argparse.Namespace, _console: Console) -> None:
    seen = client.analyze(options.photo)
    print(f"{seen['room_type']} ({seen['probability']:.0%}); a room at all: {seen['room_probability']:.0%}")
    for found in seen["detections"]:
        print(f"{found['id']} ({found['confidence']:.0%})")


def _jobs(client: Modomo, options: argparse.Namespace, _console: Console) -> None:
    for job in client.jobs(status=options.status):
        print(f"{job['job_id']} {job['created_at']} {job['status']} {job['progress']:.0%}")


def _cancel(client: Modomo, options: argparse.Namespace, _console: Console) -> None:
    client.cancel(options.job, purge=options.purge)


_COMMANDS: dict[str, Callable[[Modomo, argparse.Namespace, Console], None]] = {
    "restyle": _restyle,
    "styles": _styles,
    "materials": _materials,
    "analyze": _analyze,
    "watch": _watch,
    "jobs": _jobs,
    "cancel": _cancel,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="modomo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="where the service is; else MODOMO_URL, else this machine")
    parser.add_argument("--key", help="an API key or a token; else MODOMO_API_KEY")
    commands = parser.add_subparsers(dest="command", required=True)
    restyle = commands.add_parser("restyle", help="restyle a photo and save the result")
    restyle.add_argument("photo", help="a file, or an address https://…")
    restyle.add_argument("--style", required=True, help="one of those that `modomo styles` lists")
    restyle.add_argument("--style-image", metavar="FILE", help="a picture whose look is wanted")
    restyle.add_argument("--surface", action="append", metavar="SURFACE=PAINT", help=_SURFACE)
    restyle.add_argument("--correct", action="append", metavar="X,Y,LABEL", help=_CORRECT)
    restyle.add_argument("--out", help="file of the result, STYLE.jpg otherwise")
    restyle.add_argument("--before-after", action="store_true", help="save both side by side as well")
    restyle.add_argument("--keep-furniture", action="store_true", help="leave all furniture as it is")
    restyle.add_argument("--palette", nargs="+", metavar="#RRGGBB", help="colours to steer to")
    restyle.add_argument("--room-type", help="what the room is; found out otherwise")
    restyle.add_argument("--strength", type=float, help="0 (the original) to 1")
    restyle.add_argument("--seed", type=int, help="the same seed, the same result")
    restyle.add_argument("--variants", type=int, default=1, help="number of results, 1 to 4")
    commands.add_parser("styles", help="list the styles")
    commands.add_parser("materials", help="list what surfaces can be made of")
    commands.add_parser("analyze", help="say what a photo shows").add_argument("photo", help="a file")
    commands.add_parser("watch", help="follow a job to its end").add_argument("job", metavar="JOB")
    jobs = commands.add_parser("jobs", help="list your jobs, the newest first")
    jobs.add_argument("--status", help="queued, analyzing, generating, completed, failed or cancelled")
    cancel = commands.add_parser("cancel", help="end a job")
    cancel.add_argument("job", metavar="JOB")
    cancel.add_argument("--purge", action="store_true", help="delete it with its pictures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
