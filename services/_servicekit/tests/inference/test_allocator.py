"""Threads share the memory that they free."""

import os
import platform
import subprocess
import sys

import pytest

WORK = """
import threading
from pathlib import Path
from servicekit.inference.allocator import share_arenas

print(share_arenas())
turn, end = threading.Lock(), threading.Event()

def work():
    with turn:
        blocks = [bytearray(100_000) for _ in range(300)]  # small enough to come out of an arena
        kept.append(blocks.pop())  # at its far end, so that nothing goes back to the system
        del blocks
        done.release()
    end.wait()  # a thread that ended would leave its arena to the next one

kept, done = [], threading.Semaphore(0)
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
    done.acquire()
end.set()
status = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")))
"""


def took(**variables: str) -> tuple[str, int]:
    """Whether it took effect, and the peak in kilobytes."""
    command = [sys.executable, "-c", WORK]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=True, timeout=60)
    effect, peak = done.stdout.split()
    return effect, int(peak)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_what_threads_free_is_used_by_the_next_one() -> None:
    effect, shared = took()
    assert effect == "True"
    effect, apart = took(MALLOC_ARENA_MAX="64")
    assert effect == "False", "what an operator sets holds"
    assert shared + 50_000 < apart, "kilobytes"
