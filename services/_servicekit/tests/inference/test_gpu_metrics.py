"""Metrics of GPUs, as the driver's library gives them."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry

from servicekit.inference import gpu_metrics


class NVMLError(Exception):
    """As pynvml's."""


def nvml(*, broken: bool = False) -> ModuleType:
    """A library that knows two GPUs, of which the second, a slice of one, does not tell how busy it is."""

    def start() -> None:
        if broken:
            raise NVMLError("Driver Not Loaded")

    def busy(index: int) -> SimpleNamespace:
        if index == 1:
            raise NVMLError("Not Supported")
        return SimpleNamespace(gpu=75, memory=10)

    module = ModuleType("pynvml")
    module.__dict__.update(
        NVMLError=NVMLError,
        nvmlInit=start,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda index: SimpleNamespace(used=(index + 1) * 2**30, total=16 * 2**30),
        nvmlDeviceGetUtilizationRates=busy,
    )
    return module


def watched(monkeypatch: pytest.MonkeyPatch, module: ModuleType | None) -> CollectorRegistry:
    monkeypatch.setitem(sys.modules, "pynvml", module)
    registry = CollectorRegistry()
    gpu_metrics.register(registry)
    return registry


def test_each_gpu_has_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = watched(monkeypatch, nvml())
    assert registry.get_sample_value("modomo_gpu_memory_used_bytes", {"gpu": "1"}) == 2 * 2**30
    assert registry.get_sample_value("modomo_gpu_memory_total_bytes", {"gpu": "0"}) == 16 * 2**30
    assert registry.get_sample_value("modomo_gpu_utilization_ratio", {"gpu": "0"}) == 0.75


def test_what_a_gpu_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = watched(monkeypatch, nvml())
    assert registry.get_sample_value("modomo_gpu_utilization_ratio", {"gpu": "1"}) is None


@pytest.mark.parametrize("module", [None, nvml(broken=True)], ids=["no library", "no driver"])
def test_without_a_gpu_there_is_nothing(monkeypatch: pytest.MonkeyPatch, module: ModuleType | None) -> None:
    assert generate_latest(watched(monkeypatch, module)) == b""
