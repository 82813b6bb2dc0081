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


GIVEN_BACK = """
from pathlib import Path
from servicekit.inference.allocator import give_back

def resident():
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

blocks = [bytearray(10_000) for _ in range(5000)]
kept = bytearray(10_000)  # above them, so that nothing goes back by itself
del blocks
before = resident()
print(give_back(), before - resident())
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries keep nothing, or have no way to say so"
)
def test_what_is_free_below_what_is_in_use_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True, timeout=60)
    effect, kilobytes = done.stdout.split()
    assert effect == "True"
    assert int(kilobytes) > 40_000
