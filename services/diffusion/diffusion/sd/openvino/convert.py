"""Converts UNet and ControlNets once for each version of the weights, in a process each, whose memory goes with it.

A network is traced in single precision at an odd size, so that the graph holds what every size needs, and is written to
a folder beside, which takes its place when all of it is there.
"""

import json
import math
import multiprocessing
import os
import shutil
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch

from diffusion.sd import checkpoints
from diffusion.sd.control import ControlBranch
from diffusion.sd.lora import fuse_lora
from diffusion.sd.openvino import files
from diffusion.sd.openvino.compiled import EMBEDDING, NETWORK
from diffusion.sd.openvino.files import Record, Wanted
from diffusion.sd.traceable import Network, control_network, embedding_network, example, unet_network
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsError, WeightStore
from servicekit.weights.checks import sha256
from servicekit.weights.lock import LockedFile

HOST: Final = Hardware(device=torch.device("cpu"), dtype=torch.float32)
TRACED: Final = (2, 9, 11)
"""Batch, height and width in latents; odd, so that upsampling goes by the skip connection's size, not by a factor."""
BYTES: Final = 4
"""A parameter, as it is written."""
_TRACE: Final[Any] = torch.jit.trace  # unannotated
MEMORY: Final = 2.0
"""Bytes of memory to a byte that is written, at most; measured on Stable Diffusion 1.5's UNet."""


def convert(
    store: WeightStore, base: str, lora: str, networks: Sequence[Wanted], report: Callable[[str], None]
) -> None:
    """Converts what is not there, or is there of other weights; raises WeightsError naming what is in the way."""
    lacking = [one for one in networks if not _is_here(store, one)]
    if not lacking:
        report(f"{store.directory / files.FOLDER}: all is converted")
        return
    sizes = {one.name: size_of(store, one) for one in lacking}
    needed, memory = sum(sizes.values()), MEMORY * max(sizes.values())
    report(
        f"{len(lacking)} networks to convert with OpenVINO {files.installed()}, once: {needed / 1e9:.1f} GB on disk, "
        f"{memory / 1e9:.0f} GB of memory meanwhile, and about a minute on two cores"
    )
    _check_room(store.directory, needed, memory)
    for number, one in enumerate(lacking, 1):
        report(f"({number} of {len(lacking)}) {one.name}: converting {sizes[one.name] / 1e9:.1f} GB")
        begun = time.monotonic()
        _in_process(store.directory, base, lora, one)
        report(f"({number} of {len(lacking)}) {one.name}: done in {time.monotonic() - begun:.0f} s")


def size_of(store: WeightStore, one: Wanted) -> int:
    """Bytes that a network takes converted: those of its parameters, counted in the headers of safetensors."""
    parameters = 0
    for path in one.sources:
        if path.endswith(".safetensors") and not (one.control is None and "/unet/" not in path):
            with (store.directory / path).open("rb") as stream:
                header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            tensors = (tensor for name, tensor in header.items() if name != "__metadata__")
            parameters += sum(math.prod(tensor["shape"]) for tensor in tensors)
    return parameters * BYTES


def write(directory: Path, base: str, lora: str, one: Wanted) -> None:
    """Converts one network of the store in this process; raises WeightsError."""
    import openvino  # noqa: PLC0415 - whoever does not convert goes without

    torch.set_grad_enabled(False)
    warnings.simplefilter("ignore")  # of torch's tracer, about sizes that are the same for every picture
    store = WeightStore(directory)
    folder = directory / files.FOLDER / one.name
    draft = folder.with_name(f".{one.name}.{os.getpid()}")
    try:
        draft.mkdir(parents=True)
        for network in _networks(store, base, lora, one):
            given = example(network.shapes(*TRACED))
            traced: Any = _TRACE(network.module.eval(), given, check_trace=False)  # a check runs the network thrice
            model = openvino.convert_model(traced, example_input=given)
            openvino.save_model(model, draft / f"{network.name}.xml", compress_to_fp16=False)
        written = {file.name: LockedFile(size=file.stat().st_size, sha256=sha256(file)) for file in draft.iterdir()}
        record = Record(format=files.FORMAT, openvino=files.installed(), sources=dict(one.sources), files=written)
        (draft / files.RECORD).write_bytes(msgspec.json.encode(record))
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except OSError as error:
        raise WeightsError(f"{folder} cannot be written: {error.strerror or error}; torch runs without") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _networks(store: WeightStore, base: str, lora: str, one: Wanted) -> list[Network]:
    """As the torch engine loads them."""
    if one.control is None:
        unet = checkpoints.load_unet(store, HOST, name=base)
        if lora:
            fuse_lora(unet, store.file(lora))
        return [unet_network(NETWORK, unet, unet.config)]
    config = checkpoints.unet_config(store, base)
    net, embedding = ControlBranch(checkpoints.load_controlnet(store, one.name, config, HOST)).modules
    return [embedding_network(EMBEDDING, embedding), control_network(NETWORK, net, net.config)]


def _is_here(store: WeightStore, one: Wanted) -> bool:
    try:
        files.checked(store, one)
    except WeightsError:
        return False
    return True


def _in_process(directory: Path, base: str, lora: str, one: Wanted) -> None:
    """Raises WeightsError with what the process says that is wrong, or that it was killed."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(sending, directory, base, lora, one))
    process.start()
    sending.close()
    try:
        problem = receiving.recv()
    except EOFError:
        problem = f"{one.name}: converting it was killed, perhaps for want of memory; torch runs without it"
    finally:
        process.join()
    if problem:
        raise WeightsError(problem)


def _tell(sending: Any, directory: Path, base: str, lora: str, one: Wanted) -> None:  # noqa: ANN401 - a connection
    problem = ""
    try:
        write(directory, base, lora, one)
    except WeightsError as error:
        problem = str(error)
    except (RuntimeError, MemoryError) as error:
        problem = f"{one.name} cannot be converted: {' '.join(str(error).split())[:200]}; torch runs without it"
    sending.send(problem)


def _check_room(directory: Path, needed: float, memory: float) -> None:
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise WeightsError(
            f"{directory}: {needed / 1e9:.1f} GB are to be written, but the disk has {free / 1e9:.1f} GB free; make "
            "room and say the same again, or go without: torch runs"
        )
    available = available_memory()
    if available is not None and memory > available:
        raise WeightsError(
            f"converting needs {memory / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are free; end other "
            "programs and say the same again, or go without: torch runs"
        )


def available_memory() -> int | None:
    """Bytes that programs can still have, by the kernel's own estimate; None where it makes none."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    found: Mapping[str, str] = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(found["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in found else None
