"""Stores of tiny models, each made once a session and only where a test asks for it."""

from pathlib import Path

import pytest

from servicekit.weights import WeightStore


@pytest.fixture(scope="session")
def tiny_vision(tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    """The models of detection and controlmaps in miniature; skips where torch is not installed."""
    pytest.importorskip("torch", reason="the torch extras are not installed")
    from servicekit.testing.tiny_vision import write_tiny_vision  # noqa: PLC0415 - loads torch and the model packages

    directory: Path = tmp_path_factory.mktemp("tiny-vision")
    write_tiny_vision(directory)
    return WeightStore(directory)
