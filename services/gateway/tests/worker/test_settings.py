"""The worker's settings out of the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.clients.diffusion import Tier
from gateway.worker.settings import PREFIX, WorkerSettings
from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.process import EXIT_CONFIGURATION


def test_own_and_shared_names() -> None:
    settings = env.read(
        WorkerSettings,
        prefix=PREFIX,
        environ={
            "MODOMO_WORKER_PARALLEL_JOBS": "9",
            "MODOMO_WORKER_TIER": "fast",
            "MODOMO_WORKER_DEVICE_USD_PER_HOUR": "0.35",
            "MODOMO_DIFFUSION_ADDRESS": "dns:///diffusion:50051",
            "MODOMO_REDIS_URL": "redis://redis:6379/1",
        },
    )
    assert (settings.parallel_jobs, settings.tier, settings.device_usd_per_hour) == (9, Tier.FAST, 0.35)
    assert settings.diffusion_address == "dns:///diffusion:50051"
    assert settings.redis_url == "redis://redis:6379/1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PARALLEL_JOBS", "0"),
        ("PREVIEWS", "9"),
        ("QUALITY_BAR", "1.5"),
        ("DEVICE_USD_PER_HOUR", "-1"),
        ("CACHE_DAYS", "-1"),
        ("TIER", "luxury"),
        ("RETRY_SECONDS", "nan"),
    ],
)
def test_nonsense_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){variable}"):
        env.read(WorkerSettings, prefix=PREFIX, environ={f"{PREFIX}{variable}": value})


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        {"MODOMO_TLS_CA": "missing.pem", "MODOMO_TLS_CERTIFICATE": "missing.pem", "MODOMO_TLS_KEY": "missing.pem"},
        {"MODOMO_DETECTION_ADDRESS": "detection.example:50051"},  # plaintext to another machine
    ],
)
def test_wrong_certificates_end_it_in_one_line(wrong: dict[str, str], tmp_path: Path) -> None:
    environ = os.environ | {"MODOMO_DATA_DIR": str(tmp_path)} | wrong
    command = [sys.executable, "-m", "gateway", "worker"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EXIT_CONFIGURATION
    (line,) = done.stderr.splitlines()
    assert "MODOMO_TLS_" in line


def test_worker_pulls_in_no_model_and_no_web_framework() -> None:
    """Six processes share small machines: what one does not need it does not load."""
    code = "import sys, gateway.worker.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "cv2", "numpy", "fastapi", "uvicorn", "aioboto3", "aiobotocore", "roomnet"}
