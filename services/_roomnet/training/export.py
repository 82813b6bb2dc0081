"""From weights to a graph that runs without torch: `python -m training.export roomnet.safetensors roomnet.onnx`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.network import groups
from training.network.model import RoomNet
from training.rooms.random import ROOM_TYPES


class Probabilities(nn.Module):
    """The network with probabilities for logits."""

    def __init__(self, network: RoomNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """N×3×H×W to groups N×G×H×W, inverse depth N×1×H×W, room types N×T."""
        said = self.network(picture)
        return said.labels.softmax(dim=1), said.inverse_depth, said.room.softmax(dim=1)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description="Writes the network as ONNX.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("graph", type=Path)
    wanted = parser.parse_args(arguments)
    export(wanted.weights, wanted.graph)


def export(weights: Path, graph: Path) -> None:
    """One file, weights inside; height and width stay free (multiples of 32)."""
    network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES))
    network.load_state_dict(load_file(weights))
    sizes = {2: "rows", 3: "columns"}
    torch.onnx.export(
        Probabilities(network).eval(),
        (torch.zeros(1, 3, 160, 224),),
        str(graph),
        input_names=["picture"],
        output_names=["groups", "inverse_depth", "room"],
        dynamic_axes={"picture": sizes, "groups": sizes, "inverse_depth": sizes},
        dynamo=False,  # the newer exporter takes minutes for the same graph
    )


if __name__ == "__main__":
    main()
