"""What is generated for the clients is fresh, a wheel works by itself, and so does a client that others generate."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.gateway import Gateway, photo
from tools.clients import python_types

ROOT = Path(__file__).parents[2]
UV = ROOT / "build" / "uv" / "bin" / "uv"


def test_what_is_generated_is_fresh() -> None:
    stale = [path.name for path, text in python_types.files().items() if path.read_text() != text]
    assert stale == [], "run `make clients`"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints; fails with it where it fails."""
    ran = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
async def test_the_wheel_is_installed_and_restyles(gateway: Gateway, tmp_path: Path) -> None:
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        tmp_path / "dist",
    ]
    await asyncio.to_thread(run, *build, cwd=ROOT / "clients" / "python")
    (wheel,) = (tmp_path / "dist").glob("modomo-*.whl")
    venv = tmp_path / "venv"
    await asyncio.to_thread(run, sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    install = (UV, "pip", "install", "--offline", "--no-deps", "--python", venv, wheel)
    await asyncio.to_thread(run, *install, cwd=tmp_path)
    (site,) = venv.glob("lib/python*/site-packages")
    # what it needs is this environment's, so that nothing is downloaded; what it is comes from the wheel alone
    (site / "needed.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")))
    (tmp_path / "room.jpg").write_bytes(photo())
    python = venv / "bin" / "python"
    typed = await asyncio.to_thread(run, python, "-c", "import modomo.client as c; print(c.__file__)", cwd=tmp_path)
    assert Path(typed.strip()).is_relative_to(venv)
    assert (site / "modomo" / "client" / "py.typed").exists()
    restyle = (venv / "bin" / "modomo", "restyle", "room.jpg", "--style", "boho", "--out", "boho.jpg")
    running = asyncio.create_task(asyncio.to_thread(run, *restyle, cwd=tmp_path, MODOMO_URL=gateway.url))
    await gateway.complete(await gateway.jobstore.queue.claim())
    assert (await running).strip() == "boho.jpg"
    assert (tmp_path / "boho.jpg").read_bytes() == b"transformed"


PROGRAM = """
import sys
from pathlib import Path
from io import BytesIO
from {package} import Client
from {package}.api.transform import status, submit
from {package}.models import Preferences, SubmitBody
from {package}.types import File

client = Client(base_url=sys.argv[1])
body = SubmitBody(
    style="boho", file=File(payload=BytesIO(Path("room.jpg").read_bytes()), file_name="room.jpg"),
    preferences=Preferences(seed=7),
)
submitted = submit.sync(client=client, body=body)
print(status.sync(submitted.job_id, client=client, wait=30).data.status)
"""


@pytest.mark.slow
async def test_a_client_that_is_generated_by_others_runs_a_job(gateway: Gateway, tmp_path: Path) -> None:
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ("--path", ROOT / "clients" / "openapi.json", "--meta", "none", "--output-path", tmp_path / "rooms")
    said = await asyncio.to_thread(run, generator, "generate", *options, cwd=tmp_path)
    unknown = set(re.findall(r"WARNING parsing \w+ (\S+)", said))
    assert unknown <= {"/files/{key}", "/transform/events/{job_id}"}, "pictures and streams are nothing that it knows"
    (tmp_path / "room.jpg").write_bytes(photo())
    (tmp_path / "program.py").write_text(PROGRAM.format(package="rooms"))
    await asyncio.to_thread(run, sys.executable, "-m", "compileall", "-q", "rooms", cwd=tmp_path)
    running = asyncio.create_task(asyncio.to_thread(run, sys.executable, "program.py", gateway.url, cwd=tmp_path))
    claim = await gateway.jobstore.queue.claim()
    assert '"seed":7' in claim.job.payload
    await gateway.complete(claim)
    assert (await running).strip() == "completed"
