"""Runs images that buildah has built by runc, as the OCI runtime specification says and Kubernetes would.

The root is read-only, the user and the missing capabilities are the chart's; the network is this machine's.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tests.deploy.pod_processes import Command
from tools.images.builders import Builder

RUNTIME: Final = ("runc",)
_TMPFS: Final = ["nosuid", "nodev", "mode=1777"]


@contextmanager
def image(reference: str, folder: Path, *, shared: Sequence[Path]) -> Iterator[Command]:
    """Gives what starts containers of an image; `shared` are folders of this machine that they may read."""
    with Builder(program="buildah").container(reference) as container:
        root = _buildah("mount", container)
        config = json.loads(_buildah("inspect", container))["Docker"]["config"]

        def command(spec: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
            own = dict(one.split("=", 1) for one in config["Env"])
            process = {
                "args": [*config["Entrypoint"], *(spec.get("args") or config.get("Cmd") or ())],
                "env": [f"{name}={value}" for name, value in {**own, **environ, "PATH": own["PATH"]}.items()],
                "cwd": config["WorkingDir"],
            }
            bundle = folder / uuid4().hex
            bundle.mkdir(parents=True)
            (bundle / "config.json").write_text(json.dumps(_specification(root, process, spec, shared)))
            return [*RUNTIME, "run", "--bundle", str(bundle), bundle.name]

        try:
            yield command
        finally:
            _buildah("umount", container)


def _specification(
    root: str, process: Mapping[str, Any], spec: Mapping[str, Any], shared: Sequence[Path]
) -> dict[str, Any]:
    security = spec["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"]
    binds = [
        {"destination": str(one), "source": str(one), "type": "bind", "options": ["rbind", "ro"]} for one in shared
    ]
    return {
        "ociVersion": "1.0.2",
        "process": {
            **process,
            "user": {"uid": 10001, "gid": 10001},
            "noNewPrivileges": not security["allowPrivilegeEscalation"],
        },
        "root": {"path": root, "readonly": True},
        "mounts": [
            {"destination": "/proc", "source": "proc", "type": "proc"},
            {"destination": "/dev", "source": "tmpfs", "type": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/shm", "source": "shm", "type": "tmpfs", "options": _TMPFS},
            {"destination": "/tmp", "source": "tmpfs", "type": "tmpfs", "options": _TMPFS},
            *binds,
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
    }


def _buildah(*arguments: str) -> str:
    return subprocess.run(["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
