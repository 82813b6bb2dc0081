"""What a person may say about the local stack, by environment variables."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.local import ports
from deploy.local.layout import SERVICES, Layout
from deploy.local.stack import StackError


def layout_from(environ: Mapping[str, str] = os.environ) -> Layout:
    """Reads PORT, MODOMO_DATA_DIR, MODOMO_ENGINE and MODOMO_WORKERS; raises StackError naming what is wrong."""
    port = _number(environ, "PORT", 8000, low=1, high=65_535)
    if not ports.is_free(port):
        raise StackError(f"port {port} is taken; choose another: make run PORT={port + 1}")
    data = Path(environ.get("MODOMO_DATA_DIR") or f"data/{port}").expanduser().resolve()
    return on_port(
        port, data=data, engine=_engine(environ), workers=_number(environ, "MODOMO_WORKERS", 1, low=1, high=64)
    )


def on_port(
    port: int,
    *,
    data: Path,
    engine: str = "lite",
    workers: int = 1,
    overrides: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
) -> Layout:
    """A stack whose gateway listens on `port`, everything else on free ports."""
    redis_port, grpc_port, *service_ports = ports.free(2 + len(SERVICES))
    return Layout(
        port=port,
        grpc_port=grpc_port,
        redis_port=redis_port,
        service_ports=dict(zip(SERVICES, service_ports, strict=True)),
        data=data,
        engine=engine,
        workers=workers,
        overrides=overrides or {},
        modules=modules or {},
    )


def _engine(environ: Mapping[str, str]) -> str:
    """`auto` takes the real models where there is a GPU to run them and they have been pulled."""
    chosen = environ.get("MODOMO_ENGINE", "auto")
    if chosen not in ("auto", "lite", "torch"):
        raise StackError(f"MODOMO_ENGINE must be auto, lite or torch, not {chosen!r}")
    if chosen != "auto":
        return chosen
    weights = Path(environ.get("MODOMO_WEIGHTS") or "weights")
    return "torch" if shutil.which("nvidia-smi") and (weights / "weights.lock").exists() else "lite"


def _number(environ: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise StackError(f"{name} must be a number from {low} to {high}, not {text!r}")
    return int(text)
