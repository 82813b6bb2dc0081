"""Metrics of the GPUs that this process sees, read from the driver at every scrape.

Needs NVIDIA's driver and nvidia-ml-py (the extra `gpu`); without either there are no such metrics.
"""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from servicekit.observability import logs

log = logs.get(__name__)


def register(registry: CollectorRegistry = REGISTRY) -> None:
    """Adds the metrics, where there is a GPU."""
    try:
        import pynvml  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no annotations; an extra

        pynvml.nvmlInit()
    except ImportError:
        return
    except pynvml.NVMLError as error:
        log.debug("no GPU", problem=str(error))
        return
    registry.register(Gpus(pynvml))


class Gpus(Collector):
    """One sample a GPU; what its driver does not report is left out."""

    def __init__(self, nvml: Any) -> None:  # noqa: ANN401 - the module pynvml, which has no annotations
        self._nvml = nvml

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called by Prometheus' client at a scrape."""
        used = GaugeMetricFamily("modomo_gpu_memory_used_bytes", "Memory in use, by whatever process", labels=["gpu"])
        total = GaugeMetricFamily("modomo_gpu_memory_total_bytes", "Memory that there is", labels=["gpu"])
        busy = GaugeMetricFamily(
            "modomo_gpu_utilization_ratio", "Share of the last moments in which the GPU computed, 0–1", labels=["gpu"]
        )
        for index in range(self._nvml.nvmlDeviceGetCount()):
            self._read(index, used=used, total=total, busy=busy)
        yield from (used, total, busy)

    def _read(self, index: int, *, used: GaugeMetricFamily, total: GaugeMetricFamily, busy: GaugeMetricFamily) -> None:
        nvml = self._nvml
        gpu = nvml.nvmlDeviceGetHandleByIndex(index)
        self._add(used, index, lambda: nvml.nvmlDeviceGetMemoryInfo(gpu).used)
        self._add(total, index, lambda: nvml.nvmlDeviceGetMemoryInfo(gpu).total)
        self._add(busy, index, lambda: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100)

    def _add(self, family: GaugeMetricFamily, index: int, read: Callable[[], float]) -> None:
        try:
            family.add_metric([str(index)], read())
        except self._nvml.NVMLError as error:
            log.debug("a GPU does not report a value", metric=family.name, gpu=index, problem=str(error))
