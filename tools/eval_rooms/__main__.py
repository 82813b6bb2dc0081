"""Evaluates the lite engines on a folder of real photos: `make eval-rooms ROOMS=DIR OUT=DIR`.

What the folder may hold is told in tools.eval_rooms.collection, what is measured in scores and restyle_scores.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import roomnet
from diffusion.styles import read_styles
from tools.bench import machine
from tools.eval_rooms import collection, ground_truth, memory, report, sheet, stand_in, worst
from tools.eval_rooms.collection import NothingToEvaluateError, Skipped, Source
from tools.eval_rooms.engines import STYLES, Engines, Seconds
from tools.eval_rooms.ground_truth import Photo, UnreadableError
from tools.eval_rooms.report import Findings, Typed
from tools.eval_rooms.rows import Row, evaluate
from tools.eval_rooms.stand_in import StandIn
from tools.eval_rooms.worst import Pair

TIMED: Final = 15
"""Photos that a whole job is timed on, at most."""
TIMED_SIZE: Final = (1024, 768)


class Evaluation:
    """Goes through a collection, photo by photo."""

    def __init__(self, engines: Engines, out: Path, stand_in: StandIn | None) -> None:
        self._engines = engines
        self._out = out
        self._stand_in = stand_in
        self.pairs: list[Pair] = []
        self.rooms: list[tuple[bool, float]] = []
        self.rows: list[Row] = []
        self.typed: list[Typed] = []
        self.seconds: list[Seconds] = []
        self.skipped: list[Skipped] = []

    async def take(self, source: Source) -> None:
        """Evaluates one photo, or notes why it cannot be."""
        try:
            photo = ground_truth.read(source)
        except UnreadableError as error:
            self.skipped.append(Skipped(file=source.name, reason=str(error)))
            return
        if photo.room_type is None and photo.is_room:
            await self._whole(photo)
            return
        found = await self._engines.classify(photo.rgb)
        self.rooms.append((photo.is_room, found.room_probability))
        if photo.room_type is None:
            return
        best = max(found.rooms, key=lambda room: found.rooms[room])
        self.typed.append(
            Typed(name=photo.name, shows=photo.room_type, found=best, room_probability=found.room_probability)
        )

    async def _whole(self, photo: Photo) -> None:
        seen = await self._engines.look(photo.rgb)
        number = len(self.rows)
        self.rooms.append((True, seen.classification.room_probability))
        row = await evaluate(self._engines, photo, seen, number=number, stand_in=self._stand_in)
        if photo.half != "B":  # who sees what becomes of them would tune to them
            title = f"{seen.room_type.value} {seen.classification.rooms[seen.room_type]:.2f}"
            sheet.write(self._out / f"{photo.name}.jpg", photo.rgb, seen, row.restyled.pictures, title=title)
            self.pairs.append(_pair(photo, row, number))
        self.rows.append(row.without_pictures())
        if len(self.seconds) < TIMED:
            resized = np.asarray(cv2.resize(photo.rgb, TIMED_SIZE, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
            style = list(self._engines.styles)[number % len(self._engines.styles)]
            self.seconds.append(await self._engines.time(resized, style))


def _pair(photo: Photo, row: Row, number: int) -> Pair:
    style = row.restyled.rows[number % len(row.restyled.rows)]
    return worst.pair(
        photo.rgb,
        row.restyled.pictures[style.style],
        title=f"{photo.name} {style.style} {style.invented_edges:.2f} {style.invented_length:.2f}",
        share=style.invented_edges,
    )


async def _run(root: Path, out: Path, wanted: argparse.Namespace, console: Console) -> None:
    found = collection.find(root)
    sources = [one for one in found.sources if one.half is None or one.half in wanted.halves]
    if not sources:
        raise NothingToEvaluateError(f"{root} holds no photo of the halves asked for")
    deeplab, about = stand_in.load(root)
    real = deeplab if wanted.engine == "deeplab" else None
    if wanted.engine == "deeplab" and deeplab is None:
        raise NothingToEvaluateError(f"no network to make maps with: {about}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("loading", total=len(sources))
        async with Engines(wanted.styles, real=real) as engines:
            evaluation = Evaluation(engines, out, None if real else deeplab)  # it would agree with itself
            for source in sources:
                progress.update(task, description=source.name[-32:])
                await evaluation.take(source)
                progress.advance(task)
    findings = Findings(
        rows=evaluation.rows,
        typed=evaluation.typed,
        seconds=evaluation.seconds,
        beyond_bare_mb=memory.beyond_bare(),
        skipped=(*found.skipped, *evaluation.skipped),
        conditions={
            "roomnet": roomnet.revision(),
            "machine": machine.description(),
            "stand-in": about,
            "maps": wanted.engine,
        },
        rooms=evaluation.rooms,
    )
    sheets = worst.write(out, evaluation.pairs)
    made = report.write(out, findings)
    print(report.figures(made))
    print(f"written to {out}: report.json, report.md, {len(evaluation.pairs)} contact sheets and {sheets} of the worst")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 2 where the folder cannot be evaluated."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.eval_rooms", description="Evaluates the lite engines on photos."
    )
    parser.add_argument("--rooms", type=Path, default=os.environ.get("MODOMO_ROOMS") or None)
    parser.add_argument("--out", type=Path, default=Path("build/eval-rooms"))
    parser.add_argument(
        "--halves", choices=("A", "B", "AB", ""), default="AB", help="of more/; leave B out while anything is chosen"
    )
    parser.add_argument(
        "--engine", choices=("lite", "deeplab"), default="lite", help="whose segmentation the restyler gets"
    )
    parser.add_argument(
        "--styles",
        nargs="*",
        choices=sorted(read_styles()),
        default=STYLES,
        help="the API's five where none is named",
    )
    wanted = parser.parse_args(arguments)
    if wanted.rooms is None:
        print("say where the photos are: ROOMS=DIR, --rooms DIR or MODOMO_ROOMS", file=sys.stderr)
        return 2
    try:
        wanted.out.mkdir(parents=True, exist_ok=True)
        asyncio.run(_run(Path(wanted.rooms), wanted.out, wanted, Console()))
    except NothingToEvaluateError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
