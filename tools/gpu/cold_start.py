"""Seconds from a process' start to its first denoising step: `python -m tools.gpu.cold_start` prints the table.

Full-size random weights of the tier `cpu`, as `tools.bench.cpu_tier` makes them, in the repositories' own files; a
process of its own a start, as a container has. Beside seconds stands CPU time, which other work on the machine hardly
changes. The system is first asked to drop the weights' pages (`posix_fadvise`), so that they come from the disk;
`--warm` leaves them. `--device cuda` measures a GPU.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

STORE: Final = Path("build") / "cpu-tier"
CHILD: Final = "--child"
LABELS: Final = {
    "imports": "Python and its libraries",
    "hash": "of the models: hashes",
    "read": "of the models: files into modules",
    "lora": "of the models: the LoRA fused",
    "trial": "a picture tried with each UNet",
    "ready": "ready",
    "step": "the first step of a request",
}


@dataclass(kw_only=True)
class Clock:
    """Seconds and CPU seconds of the parts of a start."""

    started: float
    """Seconds since 1970, before the process was made."""

    parts: dict[str, tuple[float, float]] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """From the start until now."""
        self.parts[name] = time.time() - self.started, time.process_time()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Adds what a block takes; blocks of one name do not lie within each other."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            before = self.parts.get(name, (0.0, 0.0))
            self.parts[name] = before[0] + time.perf_counter() - wall, before[1] + time.process_time() - cpu

    def watch(self, module: Any, attribute: str, name: str) -> None:
        """Has a function counted as a part."""
        original: Callable[..., Any] = getattr(module, attribute)

        def timed(*positional: Any, **named: Any) -> Any:
            with self.part(name):
                return original(*positional, **named)

        setattr(module, attribute, timed)


async def start(store: Path, device: str, started: float, *, reduced: bool) -> dict[str, tuple[float, float]]:
    """What a service does from its first line to a request's first step."""
    clock = Clock(started=started)
    from diffusion.domain import Progress, Tier
    from diffusion.engine.torch import TorchEngine
    from diffusion.sd import checkpoints, models
    from diffusion.sd.options import Control, Options, Structure
    from servicekit.inference.executor import DeviceExecutor
    from servicekit.weights import verified
    from tools.gpu.requests import restyling

    clock.mark("imports")
    clock.watch(verified, "sha256", "hash")
    clock.watch(checkpoints, "_load", "read")
    clock.watch(models, "fuse_lora", "lora")
    engine = TorchEngine(
        Options(
            weights=store,
            device=device,
            base="sd15",
            structure=Structure.DEPTH,
            controlnets=(Control.DEPTH,),
            fast_lora="lcm-lora",
            reduced=reduced,
        ),
        DeviceExecutor("diffusion"),
    )
    clock.watch(engine, "_needed", "trial")
    await engine.load()
    clock.mark("ready")
    request = restyling(height=512, width=512, tier=Tier.FAST, strength=0.9)
    async with aclosing(engine.transform(request)) as steps:
        async for step in steps:
            if isinstance(step, Progress):
                break
    clock.mark("step")
    await engine.close()
    return clock.parts


def measure(store: Path, device: str, *, cold: bool, reduced: bool) -> dict[str, tuple[float, float]]:
    """One start, in a process of its own."""
    if cold:
        drop_pages(store)
    given = [str(store), device, "reduced" * reduced, str(time.time())]
    command = [sys.executable, "-m", "tools.gpu.cold_start", CHILD, *given]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    parts: dict[str, tuple[float, float]] = json.loads(done.stdout.splitlines()[-1])
    return parts


def drop_pages(store: Path) -> None:
    """Has the system drop the pages of a store's files, where nothing else has them open."""
    for file in store.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def table(parts: dict[str, tuple[float, float]]) -> str:
    """Markdown, a row a part."""
    rows = [f"| {LABELS[name]} | {parts[name][0]:.1f} | {parts[name][1]:.1f} |" for name in LABELS if name in parts]
    return "\n".join(["| part | s | CPU s |", "|---|---:|---:|", *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table of a start."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu.cold_start", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE, help="random weights; made where there are none")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--warm", action="store_true", help="leave the weights in the system's cache")
    parser.add_argument("--both-tiers", action="store_true", help="a UNet for each tier and the autoencoder, not TAESD")
    parser.add_argument("--diffusion-alone", action="store_true", help="make no other service's weights")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the program out")
    options = parser.parse_args(arguments)
    if not (options.store / "weights.lock").exists():
        from tools.gpu.cpu_tier_store import write_cpu_tier

        write_cpu_tier(options.store, tiny=options.tiny, diffusion_alone=options.diffusion_alone)
    print(table(measure(options.store, options.device, cold=not options.warm, reduced=not options.both_tiers)))
    print(f"\n{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        _store, _device, _reduced, _started = sys.argv[2:]
        print(json.dumps(asyncio.run(start(Path(_store), _device, float(_started), reduced=bool(_reduced)))))
    else:
        main()
