"""Makes the exported network three times as fast: `python -m research.roomnet.quantise EXPORTED ROOMS OUT`.

EXPORTED is a folder as `export` leaves it, ROOMS one of rendered rooms, OUT the folder for `roomnet.onnx`, which then
holds its weights itself. Convolutions and what lies between them compute in 8 bits (post-training quantisation, Jacob
et al., CVPR 2018): weights by output channel, activations by the range that they take on rendered rooms, photographed
as badly as in training. No photo is looked at. The stem and the heads stay in 32 bits. Weights use 7 of the 8 bits:
processors without VNNI add pairs of products in 16 bits, where full ones would overflow.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from research.roomnet.evaluate import stored
from research.roomnet.export import GRAPH
from research.roomnet.network.batches import Changes, draw
from roomnet.network import VIEWS

PICTURES: Final = 96
"""For the ranges of the activations."""
SEED: Final = 0
QUANTISED: Final = ("Conv", "Relu", "Add")


class Rooms(CalibrationDataReader):  # type: ignore[misc]  # as above
    """Rendered rooms, one picture at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError where there are none."""
        self._pictures = self._drawn(folder)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next picture, or None after the last."""
        return next(self._pictures, None)

    @staticmethod
    def _drawn(folder: Path) -> Iterator[dict[str, NDArray[np.float32]]]:
        torch.manual_seed(SEED)
        store = stored(folder, PICTURES)
        for number in range(PICTURES):
            batch = draw(store, 1, Changes(), scale=VIEWS[number % len(VIEWS)].scale)
            yield {"picture": batch.picture.float().numpy()}


def quantise(exported: Path, rooms: Path, out: Path) -> None:
    """Writes the graph; raises ValueError where there are no rooms."""
    with tempfile.TemporaryDirectory() as scratch:
        plain, quantised = Path(scratch) / "plain.onnx", Path(scratch) / "quantised.onnx"
        options = onnxruntime.SessionOptions()
        # weights are no longer cast from 16 bits, and batches of shapes are constants
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(plain)
        onnxruntime.InferenceSession(str(exported / GRAPH), options, providers=["CPUExecutionProvider"])
        quantize_static(
            plain,
            quantised,
            Rooms(rooms),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=list(QUANTISED),
            nodes_to_exclude=ends(onnx.load(plain)),
        )
        graph = onnx.load(quantised)
    about = {entry.key: entry.value for entry in onnx.load(exported / GRAPH, load_external_data=False).metadata_props}
    helper.set_model_props(graph, about | {"revision": f"{about['revision']}-q8"})
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(graph, out / GRAPH)


def ends(graph: onnx.ModelProto) -> list[str]:
    """Names of the first convolution and of the last ones before each output."""
    makers = {output: node for node in graph.graph.node for output in node.output}
    convolutions = [node for node in graph.graph.node if node.op_type == "Conv"]
    found = [convolutions[0].name]
    for output in graph.graph.output:
        waiting, seen = [output.name], set[str]()
        while waiting:
            node = makers.get(waiting.pop())
            if node is None or node.name in seen:
                continue
            seen.add(node.name)
            if node.op_type == "Conv":
                found.append(node.name)
            else:
                waiting += node.input
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m research.roomnet.quantise", description=__doc__)
    parser.add_argument("exported", type=Path)
    parser.add_argument("rooms", type=Path)
    parser.add_argument("out", type=Path)
    wanted = parser.parse_args(arguments)
    quantise(wanted.exported, wanted.rooms, wanted.out)


if __name__ == "__main__":
    main()
