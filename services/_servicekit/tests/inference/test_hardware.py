"""Devices that cannot be used, memory that runs out, and CUDA that breaks down: its own words, without a GPU."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the torch extra is not installed")

import torch

from servicekit.config.env import SettingsError
from servicekit.errors import Exhausted
from servicekit.inference import cuda, hardware
from servicekit.inference.device_lost import DeviceLost
from servicekit.inference.hardware import Hardware, run_with_oom_guard

pytestmark = pytest.mark.timeout(600)  # the first test of a session loads torch

GPU = Hardware(device=torch.device("cuda"), dtype=torch.float16)
"""Named, not used: nothing is ever put on it here."""

TOO_OLD = (
    "CUDA initialization: The NVIDIA driver on your system is too old (found version 12080). Please update your GPU "
    "driver by downloading and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx"
)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Makes this machine one with an NVIDIA card, or without."""

    def set_up(*, driver: str = "", warning: str = "", capability: tuple[int, int] | None = None) -> None:
        version = tmp_path / "version"
        if driver:
            version.write_text(
                f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {driver}  Tue Mar 4 03:22:01 UTC 2025\n"
            )
        monkeypatch.setattr(cuda, "_DRIVER", version)
        monkeypatch.setattr(cuda, "_DEVICES", tmp_path / "nvidiactl")
        monkeypatch.setattr("shutil.which", lambda _name: None)

        def is_available() -> bool:
            if warning:
                warnings.warn(warning, stacklevel=1)
            return capability is not None

        monkeypatch.setattr(torch.cuda, "is_available", is_available)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 0 if capability is None else 1)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _index: capability)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _index: "Tesla P100-PCIE-16GB")

    return set_up


@pytest.mark.parametrize("name", ["auto", "cuda", "cuda:0"])
@pytest.mark.parametrize(
    ("machine", "sentence"),
    [
        (
            {"driver": "570.124.06", "warning": TOO_OLD},
            "NVIDIA's driver 570 is too old for CUDA 13.*install driver 580",
        ),
        ({"driver": "535.230.02"}, "NVIDIA's driver 535 is too old for CUDA 13.*install driver 580"),
        (
            {"driver": "590.10.01", "warning": "CUDA initialization: CUDA unknown error"},
            "there is an NVIDIA GPU, but torch cannot use it: CUDA initialization: CUDA unknown error",
        ),
        (
            {"driver": "590.10.01", "capability": (6, 0)},
            r"Tesla P100-PCIE-16GB has compute capability 6\.0, the installed torch .* needs 7\.5 or more",
        ),
    ],
)
def test_a_card_that_torch_cannot_use_is_an_error_in_one_sentence_and_never_a_run_on_the_cpu(
    card: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    machine: dict[str, object],
    sentence: str,
    name: str,
) -> None:
    card(**machine)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80", "sm_90", "sm_120"])
    with pytest.raises(SettingsError, match=sentence) as caught:
        hardware.choose(name)
    assert "\n" not in str(caught.value)
    assert "MODOMO_*_DEVICE" in str(caught.value)


def test_without_a_card_auto_is_the_cpu_and_cuda_says_that_there_is_none(card: Callable[..., None]) -> None:
    card()
    assert hardware.choose("auto").device.type == "cpu"
    with pytest.raises(SettingsError, match="there is no device 'cuda:0' here, since there is no NVIDIA GPU"):
        hardware.choose("cuda")


@pytest.mark.parametrize(
    ("able", "dtype"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({"architecture": "aarch64"}, torch.float32),
    ],
)
def test_bfloat16_is_for_processors_that_compute_in_it_and_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, object], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert hardware.choose("cpu", bfloat16=True).dtype == dtype
    assert hardware.choose("cpu").dtype == torch.float32


OUT_OF_MEMORY = [
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "Unable to find a valid cuDNN algorithm to run convolution",
    "GET was unable to find an engine to execute this computation",
    "CUDA error: out of memory",
    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate",
]


@pytest.mark.parametrize("words", OUT_OF_MEMORY)
def test_libraries_words_for_a_full_device_count_as_out_of_memory(words: str) -> None:
    def fail() -> None:
        raise RuntimeError(words)

    with pytest.raises(Exhausted, match="too little memory"):
        run_with_oom_guard(Hardware(device=torch.device("cpu"), dtype=torch.float32), fail)
    assert not hardware.is_lost(RuntimeError(words), GPU)


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "CUDA error: uncorrectable ECC error encountered",
    ],
)
def test_an_error_that_cuda_repeats_for_ever_is_a_lost_device(words: str) -> None:
    def fail() -> None:
        raise torch.AcceleratorError(f"{words}\nCUDA kernel errors might be asynchronously reported", 700)

    with pytest.raises(DeviceLost, match=words):
        run_with_oom_guard(GPU, fail)


@pytest.mark.parametrize("broken", [False, True])
def test_after_any_other_error_the_device_itself_says_whether_it_is_lost(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    def synchronise(_device: object) -> None:
        if broken:
            raise RuntimeError("CUDA error: CUDNN_STATUS_EXECUTION_FAILED")

    monkeypatch.setattr(torch.cuda, "synchronize", synchronise)

    def fail() -> None:
        raise RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")

    with pytest.raises(DeviceLost if broken else RuntimeError) as caught:
        run_with_oom_guard(GPU, fail)
    assert isinstance(caught.value, DeviceLost) is broken


def test_free_memory_leaves_other_processes_share_out_and_counts_what_torch_holds_unused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (4_000, 16_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _device: 3_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _device: 2_500)
    assert GPU.free_bytes == 4_500
    assert Hardware(device=torch.device("cpu"), dtype=torch.float32).free_bytes is None
