"""Whether there is an NVIDIA card, and whether the installed torch can use it. Imports torch."""

import shutil
import warnings
from pathlib import Path
from typing import Final

import torch

from servicekit.config.env import SettingsError

LEAST_DRIVER: Final = 580
"""The oldest driver that CUDA 13, which the locked torch is built with, runs on (CUDA Toolkit Release Notes)."""

_DRIVER: Final = Path("/proc/driver/nvidia/version")
_DEVICES: Final = Path("/dev/nvidiactl")


def is_present() -> bool:
    """Whether an NVIDIA card or its driver can be seen, usable or not."""
    if _DRIVER.exists() or _DEVICES.exists() or shutil.which("nvidia-smi") is not None:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with a card that is there, `check` says
        return torch.cuda.is_available()


def check(index: int) -> None:
    """Raises SettingsError, in one sentence, where torch cannot use the card of that index."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    if not usable:
        raise SettingsError(f"MODOMO_*_DEVICE: {_reason([str(one.message) for one in warned], index)}")
    if index >= torch.cuda.device_count():
        raise SettingsError(
            f"MODOMO_*_DEVICE: there is no device 'cuda:{index}' here: torch sees {torch.cuda.device_count()} GPUs"
        )
    major, minor = torch.cuda.get_device_capability(index)
    built = [
        int(name.removeprefix("sm_").rstrip("af")) for name in torch.cuda.get_arch_list() if name.startswith("sm_")
    ]
    own = major * 10 + minor
    if built and own < min(built):
        name = torch.cuda.get_device_name(index)
        raise SettingsError(
            f"MODOMO_*_DEVICE: {name} has compute capability {major}.{minor}, the installed torch {torch.__version__} "
            f"needs {min(built) // 10}.{min(built) % 10} or more (a T4, or newer): use another card, or set "
            "MODOMO_*_DEVICE=cpu"
        )


def _reason(warned: list[str], index: int) -> str:
    """Why torch sees no card, as far as it can be known."""
    version = torch.version.cuda
    if version is None:
        return "the installed torch is one for CPUs alone: install Modomo's packages as they are locked"
    text = " ".join(" ".join(warned).split())
    driver = _installed_driver()
    if "driver on your system is too old" in text or 0 < driver < LEAST_DRIVER:
        found = f"NVIDIA's driver {driver}" if driver else "NVIDIA's driver"
        return (
            f"{found} is too old for CUDA {version}, which torch {torch.__version__} needs: install driver "
            f"{LEAST_DRIVER} or newer, or set MODOMO_*_DEVICE=cpu"
        )
    if not is_present():
        return (
            f"there is no device 'cuda:{index}' here, since there is no NVIDIA GPU: set MODOMO_*_DEVICE=cpu, or give "
            "the container a GPU"
        )
    return (
        f"there is an NVIDIA GPU, but torch cannot use it{': ' + text[:300] if text else ''}; check `nvidia-smi` and "
        "the container's GPU runtime, or set MODOMO_*_DEVICE=cpu"
    )


def _installed_driver() -> int:
    """Major version of the kernel's driver; 0 where it cannot be read."""
    try:
        words = _DRIVER.read_text("utf-8").split()
    except OSError:
        return 0
    versions = [word for word in words if word.count(".") >= 1 and word.replace(".", "").isdecimal()]
    return int(versions[0].partition(".")[0]) if versions else 0
