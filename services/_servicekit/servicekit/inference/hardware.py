"""The device that torch models run on: precision, memory, and what happens when memory runs out.

Imports torch; only torch engines import this.
"""

import gc
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, TypeVar

import torch

from servicekit.config.env import SettingsError
from servicekit.errors import out_of_memory

Value = TypeVar("Value")

_ALLOCATOR_WORDS: Final = ("can't allocate memory", "out of memory", "not enough memory")
"""In messages of allocators other than CUDA's, which raise a bare RuntimeError."""


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Where models live and in which precision."""

    device: torch.device

    dtype: torch.dtype
    """float16 on CUDA, float32 elsewhere. Never bfloat16: Turing cards emulate it although torch reports support."""

    @property
    def memory_bytes(self) -> int | None:
        """The device's whole memory; None for the host, whose memory is shared."""
        if self.device.type != "cuda":
            return None
        return int(torch.cuda.get_device_properties(self.device).total_memory)

    def event(self) -> torch.cuda.Event | None:
        """A mark in the device's queue of work; None on the CPU, where work is done when it is called."""
        if self.device.type != "cuda":
            return None
        mark = torch.cuda.Event()  # type: ignore[no-untyped-call]  # its constructor lacks annotations
        mark.record(torch.cuda.current_stream(self.device))
        return mark

    def synchronise(self) -> None:
        """Waits until the device has done all queued work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def choose(name: str) -> Hardware:
    """`auto`, `cpu`, `cuda` or `cuda:1`; raises SettingsError for a device that is not there.

    Makes CUDA's convolutions repeatable for the whole process: the same request gives the same bytes.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"MODOMO_*_DEVICE: there is no device {name!r} here: {str(error).splitlines()[0]}"
        ) from error
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return Hardware(device=device, dtype=torch.float16 if device.type == "cuda" else torch.float32)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that an allocation failed, on the device or on the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _ALLOCATOR_WORDS)


def release(hardware: Hardware) -> None:
    """Returns unused memory to the device."""
    gc.collect()
    if hardware.device.type == "cuda":
        torch.cuda.empty_cache()


def oom_guard(hardware: Hardware, work: Callable[[], Generator[Value, None, None]]) -> Generator[Value, None, None]:
    """Runs a generator; where it runs out of memory, all that it held is freed and Exhausted raised instead.

    The traceback holds the frames of what failed, and with them its tensors. It has to be gone before memory can be
    freed, which is why Exhausted is raised outside of the handler.
    """
    steps = work()
    try:
        yield from steps
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        return
    finally:
        steps.close()
    del steps
    release(hardware)
    raise out_of_memory()


def run_with_oom_guard(hardware: Hardware, work: Callable[[], Value]) -> Value:
    """`oom_guard` for a plain function."""

    def once() -> Generator[Value, None, None]:
        yield work()

    (value,) = oom_guard(hardware, once)
    return value
