"""How long each part of a request took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from servicekit.inference.hardware import Hardware


class DeviceTimer:
    """Adds up the seconds of each part by name."""

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware
        self.seconds: dict[str, float] = {}
        """By name, in the order of first use."""

    @contextmanager
    def on_device(self, name: str) -> Iterator[None]:
        """Times a part to the end of its work on the device, which is waited for; no `yield` may stand inside."""
        with self.on_host(name):
            yield
            self._hardware.synchronise()

    @contextmanager
    def on_host(self, name: str) -> Iterator[None]:
        """Times a part as the host sees it."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start
