"""`python -m controlmaps.export DIRECTORY`: writes the networks as ONNX models for Triton, one a task.

Each takes uint8 pixels and gives the task's answers (controlmaps.engine.tasks), for any batch size and one working
size, to which the triton engine brings every photo. From there to TensorRT: deploy/triton/README.md. The settings are
the service's own; the networks are exported in fp32 on the CPU, since TensorRT chooses precisions itself.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import torch

from controlmaps.engine.tasks import INPUT, OUTPUTS, Task, working_sizes
from controlmaps.engine.torch_networks import Options, TorchNetworks
from controlmaps.settings import PREFIX, Settings
from servicekit.config import env
from servicekit.weights import WeightStore

OPSET: Final = 18


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m controlmaps.export", description=__doc__)
    parser.add_argument("directory", type=Path, help="a Triton model repository to write into")
    parser.add_argument("tasks", type=Task, nargs="*", choices=list(Task), metavar="TASK", help="none means all")
    arguments = parser.parse_args()
    settings = env.read(Settings, prefix=PREFIX)
    options = Options(
        depth_model=settings.depth_model,
        segmentation_model=settings.segmentation_model,
        classifier_directory=settings.classifier_directory,
        device="cpu",
    )
    tasks = arguments.tasks or list(Task)
    networks = TorchNetworks(WeightStore(settings.weights), options, tasks=tasks)
    for task in tasks:
        size = working_sizes(settings.depth_model)[task].of(3, 4)
        file = export(networks.networks[task], task, size, arguments.directory / task / "1" / "model.onnx")
        sys.stdout.write(f"{file}\n")


def export(network: torch.nn.Module, task: Task, size: tuple[int, int], file: Path) -> Path:
    """Writes one network for the height and width `size`; returns the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    batch = torch.export.Dim("batch", min=1, max=64)
    pixels = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
    program = torch.onnx.export(
        network,
        (pixels,),
        dynamo=True,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=list(OUTPUTS[task]),
        dynamic_shapes=({0: batch},),
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    program.save(file)
    return file


if __name__ == "__main__":
    main()
