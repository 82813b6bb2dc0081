"""A live name server changes its mind between two webhooks, and within one: nobody inside hears of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.rebinding import PUBLIC
from tools.chaos import namespaces

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_name_that_leads_inside_the_second_time_is_not_followed() -> None:
    if not namespaces.own("mount", "net"):
        pytest.skip("no namespaces may be made here")
    program = [*namespaces.own("mount", "net"), sys.executable, "-m", "tests.security.rebinding"]
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
