"""What a person may say about the local stack, by environment variables, and all that keeps it from starting."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local import ports
from deploy.local.errors import Obstacle, ObstacleError
from deploy.local.layout import MODELS, SERVICES, Layout, valkey_binary


def layout_from(environ: Mapping[str, str] = os.environ) -> Layout:
    """Reads PORT, MODOMO_DATA_DIR, MODOMO_ENGINE and MODOMO_WORKERS; raises ObstacleError listing all that is wrong."""
    found: list[Obstacle] = []
    port = _number(environ, "PORT", 8000, high=65_535, found=found)
    workers = _number(environ, "MODOMO_WORKERS", 1, high=64, found=found)
    engine = _engine(environ, found)
    data = Path(environ.get("MODOMO_DATA_DIR") or f"data/{port}").expanduser().resolve()
    _check_port(port, found)
    _check_directory(data, found)
    _check_valkey(found)
    try:
        layout = on_port(port, data=data, engine=engine, workers=workers)
    except OSError as error:
        remedy = f"end some of what listens on {ports.CHOICE.start}–{ports.CHOICE.stop - 1}, or make run TMPDIR=…"
        found.append(Obstacle(what=f"no ports for the services: {error}", remedy=remedy))
    if found:
        raise ObstacleError(found)
    return layout


def on_port(
    port: int,
    *,
    data: Path,
    engine: str = "lite",
    workers: int = 1,
    overrides: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    beside: bool = False,
) -> Layout:
    """A stack whose gateway listens on `port`, everything else on free ports; raises OSError where there are none.

    `beside` gives each worker a diffusion of its own, as pods that pull have it.
    """
    lite = () if engine == "lite" else MODELS
    free = iter(ports.free(2 + len(SERVICES) + len(lite) + (workers if beside else 0)))
    redis_port, grpc_port = next(free), next(free)
    return Layout(
        port=port,
        grpc_port=grpc_port,
        redis_port=redis_port,
        service_ports={service: next(free) for service in SERVICES},
        data=data,
        engine=engine,
        workers=workers,
        overrides=overrides or {},
        modules=modules or {},
        lite_ports={service: next(free) for service in lite},
        beside_ports=tuple(free),
    )


def _engine(environ: Mapping[str, str], found: list[Obstacle]) -> str:
    """`auto` takes the real models where there is a GPU to run them and they have been pulled."""
    chosen = environ.get("MODOMO_ENGINE") or "auto"
    weights = Path(environ.get("MODOMO_WEIGHTS") or "weights").expanduser().resolve()
    pulled = (weights / "weights.lock").exists()
    if chosen == "auto":
        return "torch" if shutil.which("nvidia-smi") and pulled else "lite"
    if chosen not in ("lite", "torch"):
        what = f"MODOMO_ENGINE must be auto, lite or torch, not {chosen!r}"
        found.append(Obstacle(what=what, remedy="make run MODOMO_ENGINE=auto"))
    if chosen == "torch" and not pulled:
        remedy = "make weights" + (f" MODOMO_WEIGHTS={weights}" if environ.get("MODOMO_WEIGHTS") else "")
        found.append(Obstacle(what=f"MODOMO_ENGINE=torch, but there are no weights in {weights}", remedy=remedy))
    if chosen == "torch" and importlib.util.find_spec("torch") is None:
        what = "MODOMO_ENGINE=torch, but the real models' packages are not installed here"
        found.append(Obstacle(what=what, remedy="make run MODOMO_ENGINE=torch"))
    return chosen


def _number(environ: Mapping[str, str], name: str, default: int, *, high: int, found: list[Obstacle]) -> int:
    text = environ.get(name) or str(default)
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= high:
        return int(text)
    what = f"{name} must be a number from 1 to {high}, not {text!r}"
    found.append(Obstacle(what=what, remedy=f"make run {name}={default}"))
    return default


def _check_port(port: int, found: list[Obstacle]) -> None:
    if ports.is_free(port):
        return
    other = next((one for one in range(max(port + 1, 1024), 65_536) if ports.is_free(one)), 8000)
    what = f"port {port} is taken" if port >= 1024 else f"port {port} is taken, or for the system's administrator alone"
    found.append(Obstacle(what=what, remedy=f"make run PORT={other}"))


def _check_directory(data: Path, found: list[Obstacle]) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data) as file:
            file.write(b"written")
    except OSError as error:
        what = f"{data} cannot be written: {error.strerror}"
        found.append(Obstacle(what=what, remedy="make run MODOMO_DATA_DIR=$HOME/modomo"))


def _check_valkey(found: list[Obstacle]) -> None:
    try:
        subprocess.run([valkey_binary(), "--version"], check=True, capture_output=True)  # noqa: S603 - our own package's
    except Exception as error:  # whatever a package for another platform raises
        what = f"Valkey does not run here: {error}"
        remedy = "make clean run; its package is for Linux with glibc and for macOS, on x86-64 and arm64"
        found.append(Obstacle(what=what, remedy=remedy))
