"""`python -m tools.image_sizes [SERVICE[:ENGINE]…]`: runs build stages without a container engine and weighs them.

The COPY and RUN instructions of each Dockerfile's first stage run in a directory that stands for the root of the image,
with nothing of this environment but the interpreter and the system's tools, `strip` among them; absolute paths are led
there. Then the service starts out of it. What cannot be shown this way: the base image itself.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from tests.deploy.dockerfile import Stage, stages

ROOT: Final = Path(__file__).parents[1]
SERVICES: Final = ("gateway", "notifier", "detection:lite", "controlmaps:lite", "diffusion:lite")
BASE_MB: Final = {"unpacked": 125, "compressed": 45}
"""python:3.11-slim-bookworm on amd64, by what its registry says; not weighed here."""


def build(stage: Stage, root: Path, *, engine: str) -> None:
    """Does what the stage says below `root`; raises CalledProcessError."""
    venv.create(root / "usr" / "local", with_pip=True)
    environ = {"PATH": f"{root}/usr/local/bin:/usr/bin:/bin", "HOME": str(root), "ENGINE": engine}
    environ |= {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_", "HTTPS_"))}
    here = root
    for one in stage.instructions:
        if one.word == "WORKDIR":
            here = root / one.text.lstrip("/")
            here.mkdir(parents=True)
        elif one.word == "COPY":
            *sources, target = one.text.split()
            for source in sources:
                _copy(ROOT / source, here / (Path(source).name if target == "./" else target))
        elif one.word == "RUN":
            subprocess.run(["sh", "-ec", one.text.replace("/opt/", f"{root}/opt/")], cwd=here, env=environ, check=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    else:
        shutil.copy(source, target)


def weigh(folder: Path) -> dict[str, float]:
    """Megabytes of a folder, unpacked and as a gzipped layer."""
    plain = sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    packed = subprocess.run(
        f"tar -cf - -C {folder} . | gzip -6 | wc -c", shell=True, check=True, capture_output=True, text=True
    )
    return {"unpacked": plain / 1e6, "compressed": int(packed.stdout) / 1e6}


def main() -> None:
    """Prints a row a service."""
    print("| image | unpacked MB | compressed MB |\n|---|---|---|")
    for name in sys.argv[1:] or SERVICES:
        service, _colon, engine = name.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            first, last = stages(ROOT / "services" / service / "Dockerfile")
            build(first, root, engine=engine)
            command = [f"{root}/opt/modomo/bin/{last.last('ENTRYPOINT').words[0]}", *last.last("ENTRYPOINT").words[1:]]
            arguments = last.last("CMD").words if last.all("CMD") else []
            wrong = {"MODOMO_LOG_LEVEL": "INFO", f"MODOMO_{service.upper()}_DRAIN_SECONDS": "soon"}
            done = subprocess.run(
                [*command, *arguments], env=wrong, cwd=root, capture_output=True, text=True, check=False
            )
            assert done.returncode == 78, done.stderr  # all imports worked, and it says what is wrong
            weight = weigh(root / "opt")
            row = (f"{weight[kind] + BASE_MB[kind]:.0f}" for kind in ("unpacked", "compressed"))
            print(f"| {name} |", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
