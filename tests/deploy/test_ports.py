"""Ports for processes that are about to be started."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from deploy.local import ports

OTHERS = 4
EACH = 200
ASK_AND_STAY = f"from deploy.local import ports; print(*ports.free({EACH}), flush=True); input()"


@contextmanager
def another_process() -> Iterator[set[int]]:
    """The ports of one that lives as long as the block."""
    command = [sys.executable, "-c", ASK_AND_STAY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield set(map(int, process.stdout.readline().split()))
        process.communicate("\n")


def test_nobody_gets_what_another_has() -> None:
    with ExitStack() as others, ThreadPoolExecutor(OTHERS) as together:
        asking = together.map(others.enter_context, [another_process() for _ in range(OTHERS)])
        given = [set(ports.free(EACH)), *asking]
    assert [len(one) for one in given] == [EACH] * len(given)
    assert len(set().union(*given)) == EACH * len(given)
    assert set().union(*given) <= set(ports.CHOICE)


def test_they_are_not_given_twice() -> None:
    assert not set(ports.free(50)) & set(ports.free(50))


def test_one_that_is_listened_on_is_not_free() -> None:
    (port,) = ports.free(1)
    assert ports.is_free(port)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        assert not ports.is_free(port)
