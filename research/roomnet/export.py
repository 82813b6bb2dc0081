"""From weights to a graph that runs without torch: `python -m research.roomnet.export roomnet.safetensors FOLDER`.

FOLDER then holds `roomnet.safetensors`, 16-bit weights with the batch normalisation folded in, and `roomnet.onnx`, a
graph without weights: it names their places in the file beside it, as ONNX external data.
"""

import argparse
import copy
import hashlib
import json
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import onnx
import torch
from onnx import helper
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from research.roomnet.network import groups
from research.roomnet.network.model import SIZES, ConvNorm, RoomNet
from research.roomnet.rooms.random import ROOM_TYPES

WEIGHTS: Final = "roomnet.safetensors"
GRAPH: Final = "roomnet.onnx"


class Probabilities(nn.Module):
    """The network with probabilities for logits."""

    def __init__(self, network: RoomNet, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """N×3×H×W to groups N×G×H/2×W/2, inverse depth N×1×H/2×W/2, room types N×T, and same N×2×H/2×W/2."""
        said = self.network(picture)
        chances = (said.labels / self.temperature).softmax(dim=1)
        return chances, said.inverse_depth, said.room.softmax(dim=1), said.same.sigmoid()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m research.roomnet.export", description="Writes the network as ONNX."
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path)
    wanted = parser.parse_args(arguments)
    export(wanted.weights, wanted.folder)


def load(weights: Path) -> tuple[RoomNet, dict[str, str]]:
    """The network that training or `export` saved, ready to answer, and what is known of it.

    What tells whether neighbours belong together is untrained where weights are older than it. Raises ValueError where
    they are another network's.
    """
    with safe_open(weights, framework="pt") as file:
        known = dict(file.metadata() or {})
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    network = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES[known.get("size", "large")])
    if not any(".norm." in name for name in state):
        network = folded(network)  # exported weights: nothing is left of the normalisation
    lacking = network.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=False)
    if lacking.unexpected_keys or any(not name.startswith("same") for name in lacking.missing_keys):
        raise ValueError(f"{weights} holds the weights of another network")
    return network.eval(), known


def folded(network: RoomNet) -> RoomNet:
    """A copy whose convolutions do what the batch normalisation after them did (Jacob et al., 2018)."""
    plain = copy.deepcopy(network).eval()
    for module in list(plain.modules()):
        if isinstance(module, ConvNorm) and isinstance(module.norm, nn.BatchNorm2d):
            module.convolution = nn.utils.fuse_conv_bn_eval(module.convolution, module.norm)
            module.norm = nn.Identity()
    return plain


def export(weights: Path, folder: Path) -> None:
    """Writes both files; height and width of the picture stay free (multiples of 32)."""
    network, known = load(weights)
    plain = folded(network).half()
    state = {name: tensor.contiguous() for name, tensor in plain.state_dict().items()}
    about = described(known, state)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / WEIGHTS, metadata=about)
    (folder / WEIGHTS).chmod(0o644)  # safetensors keeps its files to their owner; these are installed for everyone
    sizes = {2: "rows", 3: "columns"}
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / GRAPH
        torch.onnx.export(
            Probabilities(plain.float(), float(about["temperature"])).eval(),
            (torch.zeros(1, 3, 192, 256),),
            str(whole),
            input_names=["picture"],
            output_names=["groups", "inverse_depth", "room", "same"],
            dynamic_axes={"picture": sizes, "groups": sizes, "inverse_depth": sizes, "same": sizes},
            opset_version=17,
            dynamo=False,  # the newer exporter takes minutes for the same graph
        )
        graph = onnx.load(whole)
    _point(graph, folder / WEIGHTS)
    helper.set_model_props(graph, about)
    onnx.save(graph, folder / GRAPH)


def described(known: Mapping[str, str], state: Mapping[str, Tensor]) -> dict[str, str]:
    """What a reader of the files has to know; strings, as both formats want."""
    digest = hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in sorted(state)))
    return {
        **known,
        "groups": json.dumps(groups.NAMES),
        "ade20k": json.dumps(groups.ade20k()),
        "room_types": json.dumps(ROOM_TYPES),
        "temperature": known.get("temperature", "1.0"),
        "revision": digest.hexdigest()[:12],
    }


def _point(graph: onnx.ModelProto, weights: Path) -> None:
    """Takes the weights out of the graph and says where they lie, with a cast to 32 bits behind each.

    A safetensors file is a length of 8 bytes, that much JSON with offsets, and the bare tensors.
    """
    with weights.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    casts = []
    for initializer in graph.graph.initializer:
        name = initializer.name.removeprefix("network.")
        if name not in header:
            continue
        begin, end = header[name]["data_offsets"]
        stored = onnx.TensorProto(name=f"{initializer.name}.stored", data_type=onnx.TensorProto.FLOAT16)
        stored.dims.extend(header[name]["shape"])
        stored.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", weights.name), ("offset", 8 + length + begin), ("length", end - begin)):
            stored.external_data.add(key=key, value=str(value))
        casts.append(helper.make_node("Cast", [stored.name], [initializer.name], to=onnx.TensorProto.FLOAT))
        initializer.CopyFrom(stored)
    for number, cast in enumerate(casts):
        graph.graph.node.insert(number, cast)


if __name__ == "__main__":
    main()
