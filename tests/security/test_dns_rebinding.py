"""A live name server changes its mind between two webhooks, and within one: nobody inside hears of it."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.security.rebinding import PUBLIC

ROOT = Path(__file__).parents[2]


@cache
def namespaces() -> list[str]:
    """The command that runs another in namespaces of its own; empty where none may be made."""
    tool = shutil.which("unshare")
    if tool is None or sys.platform != "linux":
        return []
    own = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    command = [tool, *own, "--mount", "--net"]
    return [] if subprocess.run([*command, "true"], capture_output=True, check=False).returncode else command


@pytest.mark.slow
def test_a_name_that_leads_inside_the_second_time_is_not_followed() -> None:
    if not namespaces():
        pytest.skip("no namespaces may be made here")
    program = [*namespaces(), sys.executable, "-m", "tests.security.rebinding"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        ["public.example", "204", 1, [PUBLIC]],
        ["rebinding.example", "204", 1, [PUBLIC]],
        ["rebinding.example", "refused", 1, []],
        ["rebinding.example", "refused", 1, []],
        ["rebinding.example", "204", 1, [PUBLIC]],
        ["both.example", "refused", 1, []],
        ["inside.example", "refused", 1, []],
    ]
