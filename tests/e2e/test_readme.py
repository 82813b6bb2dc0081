"""What the README shows works as it stands there."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from deploy.local.stack import Stack
from tests.fixtures.sample_room import sample_room

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

README = Path(__file__).parents[2] / "README.md"
ADDRESS = "http://127.0.0.1:8000"


def code(language: str) -> str:
    """The README's one block of a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    text: str = block
    return text


async def test_the_python_client_restyles_a_room(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "room.jpg").write_bytes(sample_room())
    program = code("python").replace(ADDRESS, stack.layout.url)
    command = [sys.executable, "-c", program]
    done = await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "100%  Your new room is ready!"
    with Image.open(tmp_path / "restyled.jpg") as restyled, Image.open(tmp_path / "room.jpg") as room:
        assert restyled.width / restyled.height == pytest.approx(room.width / room.height, abs=0.01)
