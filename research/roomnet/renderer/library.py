"""The renderer in C, compiled with gcc on first use and kept in the user's cache."""

import ctypes
import hashlib
import os
import platform
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).with_name("csrc")
FLAGS: Final = (
    "-std=gnu11",
    "-O3",
    "-march=native",
    "-ffast-math",
    "-fno-semantic-interposition",
    "-fno-finite-math-only",
    "-fopenmp",
    "-fPIC",
    "-shared",
)


LINKING: Final = (("-flto",), ())
"""Optimised across files first; some compilers come without the linker's plugin that this takes."""


class CompilerError(Exception):
    """gcc is missing or refuses the sources; the message carries what it said."""


@cache
def load() -> ctypes.CDLL:
    """The compiled library with its signatures declared; raises CompilerError."""
    library = ctypes.CDLL(str(_compiled()))
    pointer, integer = ctypes.c_void_p, ctypes.c_int32
    library.scene_create.argtypes = [*[pointer] * 6, integer, pointer, pointer, integer, pointer]
    library.scene_create.restype = pointer
    library.scene_destroy.argtypes = [pointer]
    library.scene_destroy.restype = None
    library.render.argtypes = [pointer] * 6
    library.render.restype = None
    library.glance.argtypes = [pointer] * 4
    library.glance.restype = None
    library.denoise.argtypes = [*[integer] * 5, *[pointer] * 7, integer]
    library.denoise.restype = None
    return library


def _compiled() -> Path:
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256("\0".join((*FLAGS, _processor())).encode())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    target = _cache() / f"renderer-{digest.hexdigest()[:20]}.so"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder) / target.name
        units = [str(source) for source in sources if source.suffix == ".c"]
        complaint = ""
        for linking in LINKING:
            complaint = _compile([*FLAGS, *linking, *units, "-o", str(built), "-lm"])
            if not complaint:
                built.replace(target)  # atomic, so that several processes may compile at once
                return target
    raise CompilerError(f"the renderer does not compile:\n{complaint}")


def _compile(arguments: list[str]) -> str:
    """What the compiler complains of; nothing where it is content."""
    compiler = os.environ.get("CC", "gcc")
    try:
        done = subprocess.run([compiler, *arguments], check=False, capture_output=True, text=True)  # noqa: S603 - fixed arguments, no shell
    except FileNotFoundError as error:
        raise CompilerError(f"the renderer needs a C compiler: {compiler} was not found") from error
    return "" if done.returncode == 0 else done.stderr or f"{compiler} ended with {done.returncode}"


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "modomo"


def _processor() -> str:
    """Tells machines apart whose native instructions differ, should they share a cache."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() + platform.machine()
    return next((line for line in lines if line.startswith("flags")), platform.machine())
