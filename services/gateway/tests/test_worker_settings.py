"""The worker's settings out of the environment."""

import subprocess
import sys

import pytest

from gateway.upstream.diffusion import Tier
from gateway.worker_settings import PREFIX, WorkerSettings
from servicekit import env
from servicekit.env import SettingsError


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


def test_worker_pulls_in_no_model_and_no_web_framework() -> None:
    """Six processes share small machines: what one does not need it does not load."""
    code = "import sys, gateway.worker; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "cv2", "numpy", "fastapi", "uvicorn", "aiobotocore", "roomnet"}
