"""A converted UNet and ControlNets, compiled for this processor, behind the Protocols of `networks`.

Each graph serves all sizes and batches. What a graph is shown is a tensor of its own: a UNet that no ControlNet steers
is given zeros, which add nothing.
"""

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
import torch
from torch import Tensor

from diffusion.sd.networks import Residuals
from diffusion.sd.openvino import files
from diffusion.sd.traceable import residual_sides
from servicekit.inference.hardware import Hardware
from servicekit.weights import WeightsCorrupt

NETWORK: Final = "network"
EMBEDDING: Final = "embedding"
"""Names of the graphs in a folder."""
SIZES: Final = 4
"""Sizes of samples that a graph serves before it is compiled anew: each repacks some of the weights once more, 0.4 to
0.5 GB in single precision for Stable Diffusion 1.5's UNet."""


class Graph:
    """One compiled graph; its weights are mapped from the file, and repacked in memory by whoever computes."""

    def __init__(self, folder: Path, name: str, hardware: Hardware) -> None:
        """Raises WeightsCorrupt for a file that OpenVINO cannot read."""
        self._folder, self._name, self._hardware = folder, name, hardware
        with (folder / f"{name}.bin").open("rb") as stream:
            self._mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
        self._sizes: set[torch.Size] = set()
        self._request = self._compiled()

    def _compiled(self) -> Any:  # noqa: ANN401 - openvino publishes no types
        core, file = openvino.Core(), self._folder / f"{self._name}.xml"
        try:
            weights = openvino.Tensor(np.frombuffer(self._mapped, np.uint8), shared_memory=True)
            model = core.read_model(file.read_text("utf-8"), weights)
            return core.compile_model(model, "CPU", _properties(self._hardware)).create_infer_request()
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1][:200]
            raise WeightsCorrupt(f"{file} cannot be compiled: {reason}; {files.REMEDY}") from error

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """All outputs in fp32, none of which a later call overwrites."""
        size = inputs[0].shape
        new = size not in self._sizes
        if new and len(self._sizes) == SIZES:
            self._sizes.clear()
            self._request = None  # lets go of its memory before more is taken
            self._request = self._compiled()
        arrays = [one.float().contiguous().numpy() for one in inputs]
        outputs = [torch.from_numpy(array) for array in self._request.infer(arrays, share_inputs=True).values()]
        if new:  # what was read of the file lies repacked in memory now
            self._sizes.add(size)
            self._mapped.madvise(mmap.MADV_DONTNEED)
        return outputs


class CompiledUNet:
    """A UNet; see the Protocol."""

    dtype: Final = torch.float32

    def __init__(self, folder: Path, config: Mapping[str, Any], hardware: Hardware) -> None:
        """`config` is the UNet's own."""
        self._graph = Graph(folder, NETWORK, hardware)
        self._sides = residual_sides(config)

    def __call__(
        self,
        sample: Tensor,
        timestep: Tensor,
        *,
        encoder_hidden_states: Tensor,
        down_block_additional_residuals: list[Tensor] | None,
        mid_block_additional_residual: Tensor | None,
        added_cond_kwargs: dict[str, Any] | None,
        return_dict: bool,
    ) -> tuple[Tensor, ...]:
        """See the Protocol; raises ValueError for what the graph does not have."""
        if added_cond_kwargs or return_dict:
            raise ValueError("a converted UNet takes no image condition, and returns a tuple")
        if down_block_additional_residuals is None or mid_block_additional_residual is None:
            residuals = [
                torch.zeros(len(sample), channels, -(-sample.shape[2] // halved), -(-sample.shape[3] // halved))
                for channels, halved in self._sides
            ]
        else:
            residuals = [*down_block_additional_residuals, mid_block_additional_residual]
        return tuple(self._graph(sample, timestep, encoder_hidden_states, *residuals))


class CompiledControlNet:
    """A ControlNet; see the Protocol."""

    def __init__(self, folder: Path, hardware: Hardware) -> None:
        self._graph = Graph(folder, NETWORK, hardware)
        self._embedding = Graph(folder, EMBEDDING, hardware)

    def controlnet_cond(self, picture: Tensor) -> Tensor:
        """See the Protocol."""
        (embedded,) = self._embedding(picture)
        return embedded

    def residuals(
        self, sample: Tensor, timestep: Tensor, text: Tensor, controlnet_cond: Tensor, scale: float
    ) -> Residuals:
        """See the Protocol."""
        *down, middle = self._graph(sample, timestep, text, controlnet_cond, torch.tensor(scale))
        return down, middle


def _properties(hardware: Hardware) -> dict[str, Any]:
    """As many threads as torch has, free to go where a core is idle: other services compute on the same cores."""
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if hardware.dtype is torch.bfloat16 else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,
    }
