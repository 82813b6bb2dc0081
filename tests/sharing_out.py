"""How a parallel run shares its tests out: by files, but all that use one tritonserver stay in one process."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

TRITON: Final = frozenset(
    {
        "services/controlmaps/tests/test_controlmaps_engines.py",
        "services/detection/tests/test_detection_engines.py",
        "tests/e2e/test_model_engines.py",
    }
)
"""They share a server that takes a minute to load its models."""


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # xdist publishes no types
    """Gives the next file to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "triton" if file in TRITON else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Takes the place of `--dist loadfile`."""
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the files that take longest, so that no process is left with one when the others are done."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("timeout")}
    items.sort(key=lambda item: item.path not in long)
