"""A weights store with diffusion's models in miniature, made once a test session."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store's directory; skips where torch is not installed."""
    pytest.importorskip("torch", reason="diffusion's torch extra is not installed")
    from servicekit.testing.tiny_diffusion import write_tiny_diffusion  # noqa: PLC0415 - loads torch, diffusers, …

    directory = tmp_path_factory.mktemp("tiny-diffusion")
    write_tiny_diffusion(directory)
    return directory
