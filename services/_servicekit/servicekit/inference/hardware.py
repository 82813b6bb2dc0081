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
from servicekit.inference import cuda
from servicekit.inference.device_lost import DeviceLost

Value = TypeVar("Value")

_OUT_OF_MEMORY_WORDS: Final = (
    "can't allocate memory",
    "out of memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUSOLVER_STATUS_ALLOC_FAILED",
    "CUSPARSE_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
    "cudaErrorMemoryAllocation",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "Unable to find a valid cuDNN algorithm",
    "unable to find an engine to execute this computation",
    "GET was unable to find an engine",
)
"""In messages of allocators and libraries that raise a bare RuntimeError."""

_LOST_WORDS: Final = (
    "illegal memory access",
    "device-side assert triggered",
    "unspecified launch failure",
    "an illegal instruction was encountered",
    "misaligned address",
    "invalid program counter",
    "hardware stack error",
    "uncorrectable ECC error",
    "uncorrectable NVLink error",
    "the launch timed out and was terminated",
    "GPU is lost",
)
"""Of errors that CUDA answers every later call of the process with, too (CUDA Runtime API, "Error handling")."""


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Where models live and in which precision."""

    device: torch.device

    dtype: torch.dtype
    """float16 on CUDA, never bfloat16: Turing cards emulate it although torch reports support. On the host float32, or
    bfloat16 where that was asked for and the processor computes in it."""

    @property
    def memory_bytes(self) -> int | None:
        """The device's whole memory; None for the host, whose memory is shared."""
        if self.device.type != "cuda":
            return None
        return int(torch.cuda.get_device_properties(self.device).total_memory)

    @property
    def free_bytes(self) -> int | None:
        """What of the device's memory this process can still have, other processes' share left out; None for the host.

        What torch holds without using it counts as free: it gives that to whoever asks next.
        """
        if self.device.type != "cuda":
            return None
        free, _total = torch.cuda.mem_get_info(self.device)
        return int(free + torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device))

    @property
    def photo_shapes(self) -> tuple[tuple[int, int], ...]:
        """Height and width of photos to run once at the start, so that no caller waits for a kernel to be chosen.

        On a GPU all common ones; elsewhere nothing is chosen by shape.
        """
        return ((768, 1024), (1024, 768), (1024, 1024)) if self.device.type == "cuda" else ((768, 1024),)

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


def choose(name: str, *, bfloat16: bool = False) -> Hardware:
    """`auto`, `cpu`, `cuda` or `cuda:1`; raises SettingsError for a device that is not there, or cannot be used.

    `auto` takes the CPU only where there is no NVIDIA card: one that torch cannot use is an error, since nobody would
    wait for the same models on a CPU. `bfloat16` takes that precision on a CPU that has instructions for it. Makes
    CUDA's convolutions repeatable for the whole process: the same request gives the same bytes.
    """
    if name == "auto":
        name = "cuda" if cuda.is_present() else "cpu"
    try:
        device = torch.device(name)
        if device.type == "cuda":
            cuda.check(device.index or 0)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"MODOMO_*_DEVICE: there is no device {name!r} here: {str(error).splitlines()[0]}"
        ) from error
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if device.type == "cuda":
        return Hardware(device=device, dtype=torch.float16)
    return Hardware(device=device, dtype=torch.bfloat16 if bfloat16 and computes_in_bfloat16() else torch.float32)


def computes_in_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that an allocation failed, on the device or on the host.

    CUDA's libraries have words of their own for it, and cuDNN none: it says that no algorithm would do, or that its
    plan failed, where its workspace found no room.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY_WORDS)


def is_lost(error: BaseException, hardware: Hardware) -> bool:
    """Whether the process can use its device no more.

    Some of CUDA's errors say so themselves. After any other a device that still works can be waited for, and one that
    is lost answers with the same error again.
    """
    if hardware.device.type != "cuda" or not isinstance(error, RuntimeError) or is_out_of_memory(error):
        return False
    if any(words in str(error) for words in _LOST_WORDS):
        return True
    try:
        hardware.synchronise()
    except RuntimeError:
        return True
    return False


def release(hardware: Hardware) -> None:
    """Returns unused memory to the device."""
    gc.collect()
    if hardware.device.type == "cuda":
        torch.cuda.empty_cache()


def oom_guard(hardware: Hardware, work: Callable[[], Generator[Value, None, None]]) -> Generator[Value, None, None]:
    """Runs a generator; where it runs out of memory, all that it held is freed and Exhausted raised instead.

    Raises DeviceLost where the device cannot be used any more. The traceback holds the frames of what failed, and with
    them its tensors. It has to be gone before memory can be freed, which is why Exhausted is raised outside of the
    handler.
    """
    steps = work()
    try:
        yield from steps
    except (RuntimeError, MemoryError) as error:
        if is_lost(error, hardware):
            raise DeviceLost(str(error).splitlines()[0]) from error
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
