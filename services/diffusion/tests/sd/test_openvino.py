"""Runs `openvino_checks.py` in a process of its own.

The tests of the chart hold Helm's engine, which is written in Go: a process in which OpenVINO has computed ends by a
segmentation fault when Helm is called next. No service holds both.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openvino", reason="diffusion's openvino extra is not installed: it is for Linux on x86-64")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CHECKS = Path(__file__).parent / "openvino_checks.py"
ROOT = Path(__file__).parents[4]


def test_openvino_computes_what_torch_does_and_refuses_the_rest() -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CHECKS)]
    run = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
