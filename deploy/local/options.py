"""What a person may say about the local stack, by environment variables, and all that keeps it from starting."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from deploy.local import ports
from deploy.local.errors import Obstacle, ObstacleError
from deploy.local.layout import SERVICES, Layout, engine_variable, engines_of, valkey_binary
from servicekit.weights import Manifest, WeightsError, WeightStore
from servicekit.weights.lock import LOCK_NAME
from servicekit.weights.manifest import Tier

WEIGHTS_COMMANDS: Final = {"torch": "make weights", "cpu": "make weights TIER=cpu"}
"""Engines that need weights, and what gets them."""


def layout_from(environ: Mapping[str, str] = os.environ) -> Layout:
    """Reads PORT, MODOMO_DATA_DIR, MODOMO_WORKERS, MODOMO_ENGINE and those of single services.

    Raises ObstacleError listing all that is wrong.
    """
    found: list[Obstacle] = []
    port = _number(environ, "PORT", 8000, high=65_535, found=found)
    workers = _number(environ, "MODOMO_WORKERS", 1, high=64, found=found)
    weights = Path(environ.get("MODOMO_WEIGHTS") or "weights").expanduser().resolve()
    engine, hint = _engine(environ, weights, found)
    data = Path(environ.get("MODOMO_DATA_DIR") or f"data/{port}").expanduser().resolve()
    _check_port(port, found)
    _check_directory(data, found)
    _check_valkey(found)
    try:
        layout = replace(on_port(port, data=data, engine=engine, workers=workers), hint=hint)
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
    engines = engines_of(engine, {**os.environ, **(overrides or {})})
    lite = tuple(engines) if set(engines.values()) != {"lite"} else ()  # what makes first looks, where jobs take long
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


def _engine(environ: Mapping[str, str], weights: Path, found: list[Obstacle]) -> tuple[str, str]:
    """The engine of all services that have no other, and a hint where a better one could be had."""
    elsewhere = f" MODOMO_WEIGHTS={weights}" if environ.get("MODOMO_WEIGHTS") else ""
    chosen, hint = environ.get("MODOMO_ENGINE") or "auto", ""
    if chosen == "auto":
        chosen, hint = _best_engine(weights, elsewhere)
    elif chosen not in ("lite", *WEIGHTS_COMMANDS):
        what = f"MODOMO_ENGINE must be auto, lite, cpu or torch, not {chosen!r}"
        found.append(Obstacle(what=what, remedy="make run MODOMO_ENGINE=auto"))
    wanted = {
        f"{engine_variable(service) if environ.get(engine_variable(service)) else 'MODOMO_ENGINE'}={one}": one
        for service, one in engines_of(chosen, environ).items()
        if one in WEIGHTS_COMMANDS
    }
    for name, one in wanted.items():
        if not (weights / LOCK_NAME).exists():
            what = f"{name}, but there are no weights in {weights}"
            found.append(Obstacle(what=what, remedy=WEIGHTS_COMMANDS[one] + elsewhere))
        if importlib.util.find_spec("torch") is None:
            what = f"{name}, but the real models' packages are not installed here"
            found.append(Obstacle(what=what, remedy=f"make run {name}"))
    return chosen, hint


_FITTING: Final[Mapping[bool, tuple[str, Tier]]] = {True: ("torch", "default"), False: ("cpu", "cpu")}
"""Engine and tier of weights, by whether there is a GPU."""


def _best_engine(weights: Path, elsewhere: str) -> tuple[str, str]:
    """The real models where those for this machine, with a GPU or not, were pulled; else lite, and what gets them."""
    gpu = shutil.which("nvidia-smi") is not None
    engine, tier = _FITTING[gpu]
    if _pulled(weights, tier) and importlib.util.find_spec("torch") is not None:
        return engine, ""
    size = "13.1 GB" if gpu else "3.5 GB, 20 to 40 s a picture"
    return "lite", f"for real diffusion: {WEIGHTS_COMMANDS[engine]}{elsewhere} ({size}), then make run again"


def _pulled(weights: Path, tier: Tier) -> bool:
    """Whether every model of a tier lies in the store, whole."""
    store = WeightStore(weights)
    try:
        return all(store.has(entry.name) for entry in Manifest.shipped() if tier in entry.tiers)
    except WeightsError:
        return False


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
