"""Renders rooms by the thousand: `python -m research.roomnet.generate --count 4000 --seed 1 --out DIR`.

Example n of a run is made from seed × 2³² + n alone, so any number of processes gives the same files, and a run that
was interrupted goes on where it stopped. A room that cannot be made is named and another one takes its place, the same
one in every run.
"""

import argparse
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

from research.roomnet import dataset
from research.roomnet.dataset import Example
from research.roomnet.renderer import library

SHARD: Final = 64
"""Examples a file."""

SUBSTITUTES: Final = 3
"""Seeds that are tried before the last one may fail."""

RESTARTS: Final = 3
"""Times that a broken pool of workers is replaced."""

NARROWEST: Final = 64
WIDEST: Final = 1024
"""Pixels that a lying picture may be wide."""

_STRIDE: Final = 1 << 31
"""From a seed to its substitute; a run has fewer examples."""

_LOG: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.generate", description="Renders rooms with ground truth."
    )
    parser.add_argument("--count", type=int, required=True, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other rooms")
    parser.add_argument("--out", type=Path, required=True, help="folder for rooms-*.npz")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--width", type=int, default=dataset.WIDTH, help="pixels of a lying picture; its height is three quarters"
    )
    parser.add_argument("--uncompressed", action="store_true", help="twice as large, and a sixth faster")
    wanted = parser.parse_args(arguments)
    if wanted.count < 1 or wanted.processes < 1 or not 0 <= wanted.seed < 1 << 31:
        parser.error("--count and --processes must be at least 1 and --seed within 0..2147483647")
    if not NARROWEST <= wanted.width <= WIDEST or wanted.width % 4:
        parser.error(f"--width must be a multiple of 4 within {NARROWEST}..{WIDEST}")
    generate(
        count=wanted.count,
        seed=wanted.seed,
        out=wanted.out,
        processes=wanted.processes,
        width=wanted.width,
        compressed=not wanted.uncompressed,
    )


def generate(
    *, count: int, seed: int, out: Path, processes: int, width: int = dataset.WIDTH, compressed: bool = True
) -> None:
    """Writes the shards that are not there yet; a worker that dies costs the shards in hand, which are made again."""
    out.mkdir(parents=True, exist_ok=True)
    library.load()  # compiled once, before the workers ask for it
    for _ in range(RESTARTS):
        try:
            _missing(count=count, seed=seed, out=out, processes=processes, width=width, compressed=compressed)
        except BrokenProcessPool:
            _LOG.exception("a worker died; going on with what is missing")
        else:
            return
    _missing(count=count, seed=seed, out=out, processes=processes, width=width, compressed=compressed)


def _missing(*, count: int, seed: int, out: Path, processes: int, width: int, compressed: bool) -> None:
    starts = [start for start in range(0, count, SHARD) if not _path(out, start).exists()]
    with (
        Progress(
            SpinnerColumn(), *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()
        ) as progress,
        ProcessPoolExecutor(processes) as pool,
    ):
        task = progress.add_task("Rendering rooms", total=count, completed=count - _left(starts, count))
        jobs = {
            pool.submit(
                _shard, seed, start, min(SHARD, count - start), _path(out, start), width=width, compressed=compressed
            ): start
            for start in starts
        }
        for job in as_completed(jobs):
            progress.advance(task, job.result())


def _left(starts: Sequence[int], count: int) -> int:
    return sum(min(SHARD, count - start) for start in starts)


def _path(out: Path, start: int) -> Path:
    return out / f"rooms-{start:07}.npz"


def _shard(seed: int, start: int, count: int, path: Path, *, width: int, compressed: bool) -> int:
    made = [substituted((seed << 32) + number, width=width) for number in range(start, start + count)]
    dataset.save(made, path, compressed=compressed)
    return count


def substituted(seed: int, *, width: int = dataset.WIDTH) -> Example:
    """Of that seed, or of the first of its substitutes that can be made; raises what the last one raised."""
    height = width * 3 // 4
    for attempt in range(SUBSTITUTES):
        try:
            return dataset.example(seed + attempt * _STRIDE, width=width, height=height)
        except Exception:  # one room in a million must not cost a night of work, whatever ails it
            _LOG.exception(
                "room %d cannot be made; trying %d", seed + attempt * _STRIDE, seed + (attempt + 1) * _STRIDE
            )
    return dataset.example(seed + SUBSTITUTES * _STRIDE, width=width, height=height)


if __name__ == "__main__":
    main()
