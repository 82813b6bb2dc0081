"""Sends bad images through the code that takes photos in: `python -m tests.security.images --count 5000`.

Every one must be refused in words or be taken within the bounds, and what is kept must hold nothing but pixels. A crash
ends the process, so that whoever started it sees it; the file in work is left at `--keep` then.
"""

import argparse
import asyncio
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import track

from gateway.api.uploads.optimise import PhotoOptimiser
from servicekit.errors import InvalidArgument
from tests.security.bad_images import BadImage, corpus

MAX_MEGABYTES: Final = 512
LONG_SIDE: Final = 1024


@dataclass(kw_only=True)
class Report:
    """What became of them."""

    outcomes: dict[str, int] = field(default_factory=Counter)
    """How many were `taken`, or refused for which reason."""

    offences: list[str] = field(default_factory=list)
    """What must not have been."""

    slowest_seconds: float = 0.0
    slowest: str = ""
    peak_megabytes: int = 0
    """Of the whole process, which raised it last for `heaviest`."""
    heaviest: str = ""


def send_all(images: Iterable[BadImage], *, keep: Path) -> Report:
    """One after the other."""
    report, optimiser = Report(), PhotoOptimiser(long_side=LONG_SIDE, threads=1, queue_limit=1)
    with asyncio.Runner() as runner:
        for image in images:
            keep.write_bytes(image.data)
            started = time.perf_counter()
            try:
                photo = runner.run(optimiser.optimise(image.data))
            except InvalidArgument as error:
                report.outcomes[error.reason] += 1
            except Exception as error:  # whatever it is, it would have been a 500
                report.offences.append(f"{image.name}: {error!r}")
            else:
                report.outcomes["taken"] += 1
                report.offences += [f"{image.name}: kept {what}" for what in metadata(photo.jpeg)]
            seconds = time.perf_counter() - started
            if seconds > report.slowest_seconds:
                report.slowest_seconds, report.slowest = seconds, image.name
            if _peak_megabytes() > report.peak_megabytes:
                report.peak_megabytes, report.heaviest = _peak_megabytes(), image.name
    keep.unlink()
    optimiser.close()
    if report.peak_megabytes > MAX_MEGABYTES:
        report.offences.append(f"{report.heaviest}: {report.peak_megabytes} MiB")
    return report


def _peak_megabytes() -> int:
    """Of this process alone: on Linux `ru_maxrss` begins with what the process that started it held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def made_elsewhere(count: int, *, seed: int, with_largest: bool) -> Iterator[BadImage]:
    """The corpus, made in a process of its own, so that what it costs to make does not count."""
    spawning = multiprocessing.get_context("spawn")
    queue: Queue[BadImage | None] = spawning.Queue(maxsize=8)
    maker = spawning.Process(target=_make, args=(queue, count, seed, with_largest), daemon=True)
    maker.start()
    yield from iter(queue.get, None)
    maker.join()


def _make(queue: "Queue[BadImage | None]", count: int, seed: int, with_largest: bool) -> None:
    for image in corpus(count, seed=seed, with_largest=with_largest):
        queue.put(image)
    queue.put(None)


def metadata(jpeg: bytes) -> list[str]:
    """Names of a JPEG's segments that say anything but how to decode it (ITU-T T.81, annex B), and secrets of ours."""
    found = ["SECRET"] if b"SECRET" in jpeg else []
    position = 2
    while jpeg[position] == 0xFF and jpeg[position + 1] != 0xDA:
        marker = jpeg[position + 1]
        if marker == 0xFE or 0xE1 <= marker <= 0xEF:
            found.append(f"segment {marker:02X}")
        position += 2 + int.from_bytes(jpeg[position + 2 : position + 4])
    return found


def main() -> None:
    """Prints the report as JSON; ends with 1 where something must not have been."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--with-largest", action="store_true", help="begin with pictures of 50 megapixels")
    parser.add_argument("--keep", type=Path, default=Path("build/bad-image"))
    options = parser.parse_args()
    options.keep.parent.mkdir(parents=True, exist_ok=True)
    images = made_elsewhere(options.count, seed=options.seed, with_largest=options.with_largest)
    shown = track(images, "bad images", total=options.count, console=Console(stderr=True))
    report = send_all(shown, keep=options.keep)
    print(msgspec.json.encode(report).decode())
    raise SystemExit(1 if report.offences else 0)


if __name__ == "__main__":
    main()
