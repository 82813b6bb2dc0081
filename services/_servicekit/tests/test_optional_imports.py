"""What is kept from libraries that look for it."""

import importlib
import subprocess
import sys

import pytest

from servicekit.optional_imports import without


def test_what_is_hidden_cannot_be_found_inside_and_can_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with without("wave"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("wave")
    assert importlib.import_module("wave").Error


def test_what_is_loaded_already_stays() -> None:
    with without("json"):
        assert importlib.import_module("json").loads("1") == 1
    assert "json" in sys.modules


def test_it_is_found_again_after_a_failure() -> None:
    with pytest.raises(RuntimeError), without("nothing_of_this_name"):
        raise RuntimeError
    assert "nothing_of_this_name" not in sys.modules


def test_a_process_of_ours_holds_nothing_that_it_does_not_use() -> None:
    """Each of these is installed here, and would be loaded by a library that looks for it."""
    unused = ("rich", "opentelemetry.sdk", "grpc_reflection.v1alpha", "numpy", "psutil")
    code = "import sys, servicekit.jobstore.redis, servicekit.rpc.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert [name for name in unused if name in done.stdout.split()] == []
