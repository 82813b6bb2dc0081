"""The driver's own numbers are among the metrics where there is a GPU."""

import pytest

pytest.importorskip("torch", reason="the torch extras are not installed")

import torch
from prometheus_client.registry import CollectorRegistry

from servicekit.inference import gpu_metrics

pytestmark = [
    pytest.mark.slow,
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here"),
]


def test_memory_in_use_is_seen() -> None:
    registry = CollectorRegistry()
    gpu_metrics.register(registry)
    before = registry.get_sample_value("modomo_gpu_memory_used_bytes", {"gpu": "0"})
    total = registry.get_sample_value("modomo_gpu_memory_total_bytes", {"gpu": "0"})
    assert before
    assert total
    held = torch.zeros(2**30, dtype=torch.uint8, device="cuda:0")
    torch.cuda.synchronize()
    after = registry.get_sample_value("modomo_gpu_memory_used_bytes", {"gpu": "0"})
    assert after
    assert before + 2**29 < after <= total
    del held
    assert 0 <= (registry.get_sample_value("modomo_gpu_utilization_ratio", {"gpu": "0"}) or 0) <= 1
